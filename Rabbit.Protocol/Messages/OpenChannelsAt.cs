using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The server asks the client to open data channels of this session to another node (docs/protocol.md, "OpenChannelsAt").</summary>
/// <param name="Address">The node's control port, <c>host:port</c>.</param>
/// <param name="Fingerprint">SHA-256 of the certificate that it must show; empty where clients speak plaintext.</param>
/// <param name="Count">Channels to open.</param>
public readonly record struct OpenChannelsAt(string Address, string Fingerprint, ushort Count) : IMessage<OpenChannelsAt>
{
    public static FrameType Type => FrameType.OpenChannelsAt;

    public void Write(PayloadWriter writer)
    {
        writer.Write(Address);
        writer.Write(Fingerprint);
        writer.Write(Count);
    }

    public static OpenChannelsAt Read(ref PayloadReader reader) => new(reader.ReadString(), reader.ReadString(), reader.ReadUInt16());
}
