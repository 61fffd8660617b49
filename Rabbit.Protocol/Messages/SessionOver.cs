using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The session of a grant serves no more: its data channels may not be used (docs/protocol.md, "Node link").</summary>
/// <param name="TokenId">The tunnel's token.</param>
/// <param name="Epoch">The session's epoch.</param>
public readonly record struct SessionOver(string TokenId, ulong Epoch) : IMessage<SessionOver>
{
    public static FrameType Type => FrameType.SessionOver;

    public void Write(PayloadWriter writer)
    {
        writer.Write(TokenId);
        writer.Write(Epoch);
    }

    public static SessionOver Read(ref PayloadReader reader) => new(reader.ReadString(), reader.ReadUInt64());
}
