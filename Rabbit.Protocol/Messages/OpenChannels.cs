using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>A node asks the owner to have the client open data channels to it (docs/protocol.md, "Node link").</summary>
/// <param name="TokenId">The tunnel's token.</param>
/// <param name="Epoch">The session's epoch.</param>
/// <param name="Count">Channels.</param>
public readonly record struct OpenChannels(string TokenId, ulong Epoch, ushort Count) : IMessage<OpenChannels>
{
    public static FrameType Type => FrameType.OpenChannels;

    public void Write(PayloadWriter writer)
    {
        writer.Write(TokenId);
        writer.Write(Epoch);
        writer.Write(Count);
    }

    public static OpenChannels Read(ref PayloadReader reader) => new(reader.ReadString(), reader.ReadUInt64(), reader.ReadUInt16());
}
