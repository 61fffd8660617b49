using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The client ends its session on purpose (docs/protocol.md, "Disconnect").</summary>
public readonly record struct Disconnect(string Sentence) : IMessage<Disconnect>
{
    public static FrameType Type => FrameType.Disconnect;

    public void Write(PayloadWriter writer) => writer.Write(Sentence);

    public static Disconnect Read(ref PayloadReader reader) => new(reader.ReadString());
}
