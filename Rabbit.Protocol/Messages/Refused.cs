using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>Why the local service could not be reached (docs/protocol.md, "Accepted and Refused").</summary>
public enum RefusedReason : byte
{
    /// <summary>Nothing listens there: the connection was refused.</summary>
    ConnectionRefused = 1,

    /// <summary>No answer in time.</summary>
    TimedOut = 2,

    /// <summary>The address is not reachable or cannot be resolved.</summary>
    Unreachable = 3,

    /// <summary>The client is out of descriptors or memory, or is stopping.</summary>
    ClientBusy = 4,

    /// <summary>Between nodes: the node is not, or no longer, the one whose client serves the tunnel.</summary>
    NotOwner = 5,

    /// <summary>Between nodes: the client opened no data channel in time.</summary>
    NoChannel = 6,
}

/// <summary>The client could not reach the local service; the data channel ends (docs/protocol.md, "Accepted and Refused").</summary>
public readonly record struct Refused(RefusedReason Reason, string Sentence) : IMessage<Refused>
{
    public static FrameType Type => FrameType.Refused;

    public void Write(PayloadWriter writer)
    {
        writer.Write((byte)Reason);
        writer.Write(Sentence);
    }

    public static Refused Read(ref PayloadReader reader) => new((RefusedReason)reader.ReadByte(), reader.ReadString());
}
