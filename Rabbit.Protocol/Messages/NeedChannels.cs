using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The server asks the client to open more data channels (docs/protocol.md, "NeedChannels").</summary>
public readonly record struct NeedChannels(ushort Count) : IMessage<NeedChannels>
{
    public static FrameType Type => FrameType.NeedChannels;

    public void Write(PayloadWriter writer) => writer.Write(Count);

    public static NeedChannels Read(ref PayloadReader reader) => new(reader.ReadUInt16());
}
