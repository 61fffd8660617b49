using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>The server's answer to an accepted <see cref="ClientHello"/> (docs/protocol.md, "ServerHello").</summary>
/// <param name="Minor">Minor protocol version of the server.</param>
/// <param name="SessionId">The new session.</param>
/// <param name="Epoch">Grows with every session of the token; the highest one owns the tunnel.</param>
/// <param name="ChannelSecret">128 random bits that every data channel of this session and epoch must present.</param>
/// <param name="TunnelPort">The port that visitors connect to.</param>
/// <param name="PublicHost">Host name or address for visitors, or empty: the host that the client dialled.</param>
/// <param name="ControlPort">The port to dial data channels at, on the host that the client dialled.</param>
/// <param name="PoolSize">Data channels that the client opens at once and the server then keeps asking for.</param>
/// <param name="Heartbeat">Interval of <see cref="Ping"/> in both directions.</param>
/// <param name="DeadAfter">Silence after which either side gives the other up.</param>
/// <param name="Service">What the token says that the local service speaks; unknown from a server that does not say.</param>
/// <param name="ChannelAddress">
/// Where to dial data channels, <c>host:port</c>, instead of there: this node of a cluster, and no other; empty from a lone server, and from one that
/// does not say.
/// </param>
public readonly record struct ServerHello(
    ushort Minor, Guid SessionId, ulong Epoch, Guid ChannelSecret, ushort TunnelPort, string PublicHost,
    ushort ControlPort, ushort PoolSize, TimeSpan Heartbeat, TimeSpan DeadAfter,
    DeclaredService Service = DeclaredService.Unknown, string ChannelAddress = "") : IMessage<ServerHello>
{
    public static FrameType Type => FrameType.ServerHello;

    public void Write(PayloadWriter writer)
    {
        writer.Write(Minor);
        writer.Write(SessionId);
        writer.Write(Epoch);
        writer.Write(ChannelSecret);
        writer.Write(TunnelPort);
        writer.Write(PublicHost);
        writer.Write(ControlPort);
        writer.Write(PoolSize);
        writer.Write(Heartbeat);
        writer.Write(DeadAfter);
        writer.Write((byte)Service);
        writer.Write(ChannelAddress);
    }

    public static ServerHello Read(ref PayloadReader reader) => new(
        reader.ReadUInt16(), reader.ReadId(), reader.ReadUInt64(), reader.ReadId(), reader.ReadUInt16(),
        reader.ReadString(), reader.ReadUInt16(), reader.ReadUInt16(), reader.ReadMilliseconds(),
        reader.ReadMilliseconds(), reader.Remaining > 0 ? (DeclaredService)reader.ReadByte() : DeclaredService.Unknown,
        reader.Remaining > 0 ? reader.ReadString() : "");
}
