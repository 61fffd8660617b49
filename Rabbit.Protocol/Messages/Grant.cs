using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The owner's consent: data channels of this session may come to the node that asked (docs/protocol.md, "Node link").</summary>
/// <param name="TokenId">The tunnel's token.</param>
/// <param name="Epoch">The session's epoch.</param>
/// <param name="SessionId">The session.</param>
/// <param name="ChannelSecret">What its data channels present.</param>
public readonly record struct Grant(string TokenId, ulong Epoch, Guid SessionId, Guid ChannelSecret) : IMessage<Grant>
{
    public static FrameType Type => FrameType.Grant;

    public void Write(PayloadWriter writer)
    {
        writer.Write(TokenId);
        writer.Write(Epoch);
        writer.Write(SessionId);
        writer.Write(ChannelSecret);
    }

    public static Grant Read(ref PayloadReader reader) => new(reader.ReadString(), reader.ReadUInt64(), reader.ReadId(), reader.ReadId());
}
