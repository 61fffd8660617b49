using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The server's answer to an accepted <see cref="Standby"/> (docs/protocol.md, "Standby").</summary>
/// <param name="Heartbeat">Interval of the client's <see cref="Ping"/>.</param>
/// <param name="DeadAfter">Silence after which either side gives the other up.</param>
public readonly record struct StandbyAccepted(TimeSpan Heartbeat, TimeSpan DeadAfter) : IMessage<StandbyAccepted>
{
    public static FrameType Type => FrameType.StandbyAccepted;

    public void Write(PayloadWriter writer)
    {
        writer.Write(Heartbeat);
        writer.Write(DeadAfter);
    }

    public static StandbyAccepted Read(ref PayloadReader reader) => new(reader.ReadMilliseconds(), reader.ReadMilliseconds());
}
