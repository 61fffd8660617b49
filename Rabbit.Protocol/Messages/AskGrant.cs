using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>A node asks the owner for what a session's data channels must present, to take some itself (docs/protocol.md, "Node link").</summary>
/// <param name="TokenId">The tunnel's token.</param>
/// <param name="Epoch">The session's epoch.</param>
public readonly record struct AskGrant(string TokenId, ulong Epoch) : IMessage<AskGrant>
{
    public static FrameType Type => FrameType.AskGrant;

    public void Write(PayloadWriter writer)
    {
        writer.Write(TokenId);
        writer.Write(Epoch);
    }

    public static AskGrant Read(ref PayloadReader reader) => new(reader.ReadString(), reader.ReadUInt64());
}
