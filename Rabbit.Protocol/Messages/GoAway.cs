using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>Why the server ends a session (docs/protocol.md, "GoAway"). Numbers are never reused.</summary>
public enum GoAwayReason : byte
{
    /// <summary>The server stops or restarts; reconnect after the given time.</summary>
    Shutdown = 1,

    /// <summary>Another client logged in with the same token; come back with <see cref="ClientHello.Yield"/>.</summary>
    Superseded = 2,

    /// <summary>The token was revoked or deleted; do not come back.</summary>
    Revoked = 3,

    /// <summary>The token has expired; do not come back.</summary>
    Expired = 4,

    /// <summary>An operator closed the session; reconnect after the given time.</summary>
    Closed = 5,

    /// <summary>The client broke the protocol.</summary>
    Protocol = 6,
}

/// <summary>The server's last frame on a control channel (docs/protocol.md, "GoAway").</summary>
/// <param name="Reason">For programs.</param>
/// <param name="RetryAfter">When to reconnect.</param>
/// <param name="Host">Where to reconnect, <c>host:port</c>, or empty: the same server.</param>
/// <param name="Sentence">For people.</param>
public readonly record struct GoAway(GoAwayReason Reason, TimeSpan RetryAfter, string Host, string Sentence) : IMessage<GoAway>
{
    public static FrameType Type => FrameType.GoAway;

    public void Write(PayloadWriter writer)
    {
        writer.Write((byte)Reason);
        writer.Write(RetryAfter);
        writer.Write(Host);
        writer.Write(Sentence);
    }

    public static GoAway Read(ref PayloadReader reader) =>
        new((GoAwayReason)reader.ReadByte(), reader.ReadMilliseconds(), reader.ReadString(), reader.ReadString());
}
