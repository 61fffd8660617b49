using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The client could not open that many of the data channels it was asked for (docs/protocol.md, "OpenFailed").</summary>
/// <param name="Count">Channels.</param>
/// <param name="Sentence">Why, for people.</param>
/// <param name="Address">The address of <see cref="OpenChannelsAt"/>; empty for channels to this server.</param>
public readonly record struct OpenFailed(ushort Count, string Sentence, string Address = "") : IMessage<OpenFailed>
{
    public static FrameType Type => FrameType.OpenFailed;

    public void Write(PayloadWriter writer)
    {
        writer.Write(Count);
        writer.Write(Sentence);
        writer.Write(Address);
    }

    public static OpenFailed Read(ref PayloadReader reader) =>
        new(reader.ReadUInt16(), reader.ReadString(), reader.Remaining > 0 ? reader.ReadString() : "");
}
