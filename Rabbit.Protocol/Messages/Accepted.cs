using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The client reached the local service; its bytes follow (docs/protocol.md, "Accepted and Refused").</summary>
public readonly record struct Accepted : IMessage<Accepted>
{
    public static FrameType Type => FrameType.Accepted;

    public void Write(PayloadWriter writer)
    {
    }

    public static Accepted Read(ref PayloadReader reader) => default;
}
