using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The client could not open that many of the data channels it was asked for (docs/protocol.md, "OpenFailed").</summary>
public readonly record struct OpenFailed(ushort Count, string Sentence) : IMessage<OpenFailed>
{
    public static FrameType Type => FrameType.OpenFailed;

    public void Write(PayloadWriter writer)
    {
        writer.Write(Count);
        writer.Write(Sentence);
    }

    public static OpenFailed Read(ref PayloadReader reader) => new(reader.ReadUInt16(), reader.ReadString());
}
