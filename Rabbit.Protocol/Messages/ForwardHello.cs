using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The first frame of a stream by which a node forwards one visitor to the tunnel's owner (docs/protocol.md, "ForwardHello").</summary>
/// <param name="TokenId">The tunnel's token.</param>
/// <param name="Epoch">The epoch of the session that is to serve the visitor.</param>
public readonly record struct ForwardHello(string TokenId, ulong Epoch) : IMessage<ForwardHello>
{
    public static FrameType Type => FrameType.ForwardHello;

    public void Write(PayloadWriter writer)
    {
        writer.Write(TokenId);
        writer.Write(Epoch);
    }

    public static ForwardHello Read(ref PayloadReader reader) => new(reader.ReadString(), reader.ReadUInt64());
}
