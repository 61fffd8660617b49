using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>
/// The first frame of a connection that its client keeps to a second node, to log in there at once when it loses the first
/// (docs/protocol.md, "Standby").
/// </summary>
/// <param name="Minor">Minor protocol version of the client.</param>
/// <param name="Software">Name and version of the client program, for display.</param>
/// <param name="Token">The whole token, <c>rbt_id_secret</c>.</param>
/// <param name="ClientName">Host name of the client, for display.</param>
public readonly record struct Standby(ushort Minor, string Software, string Token, string ClientName) : IMessage<Standby>
{
    public static FrameType Type => FrameType.Standby;

    public void Write(PayloadWriter writer)
    {
        writer.Write(Minor);
        writer.Write(Software);
        writer.Write(Token);
        writer.Write(ClientName);
    }

    public static Standby Read(ref PayloadReader reader) =>
        new(reader.ReadUInt16(), reader.ReadString(), reader.ReadString(), reader.ReadString());
}
