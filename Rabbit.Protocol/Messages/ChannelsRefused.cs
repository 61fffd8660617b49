using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>So many data channels, or all of them, will not come to the node that asked (docs/protocol.md, "Node link").</summary>
/// <param name="TokenId">The tunnel's token.</param>
/// <param name="Epoch">The session's epoch.</param>
/// <param name="Count">Channels; 0 for all, now and later.</param>
/// <param name="Sentence">Why, for people.</param>
public readonly record struct ChannelsRefused(string TokenId, ulong Epoch, ushort Count, string Sentence) : IMessage<ChannelsRefused>
{
    public static FrameType Type => FrameType.ChannelsRefused;

    public void Write(PayloadWriter writer)
    {
        writer.Write(TokenId);
        writer.Write(Epoch);
        writer.Write(Count);
        writer.Write(Sentence);
    }

    public static ChannelsRefused Read(ref PayloadReader reader) => new(reader.ReadString(), reader.ReadUInt64(), reader.ReadUInt16(), reader.ReadString());
}
