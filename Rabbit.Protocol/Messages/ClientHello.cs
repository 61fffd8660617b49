using Rabbit.Protocol.Frames;

namespace Rabbit.Protocol.Messages;

/// <summary>A client's login on a control channel (docs/protocol.md, "ClientHello").</summary>
/// <param name="Minor">Minor protocol version of the client.</param>
/// <param name="Software">Name and version of the client program, for display.</param>
/// <param name="Token">The whole token, <c>rbt_id_secret</c>.</param>
/// <param name="ClientName">Host name of the client, for display.</param>
/// <param name="LocalPort">Port of the local service, for display; 0 when it has none.</param>
/// <param name="LastSessionId">The session this client had before, or all zero.</param>
/// <param name="LastEpoch">The epoch of that session, or 0.</param>
/// <param name="Yield">True to be rejected as <see cref="RejectCode.Occupied"/> rather than supersede a live client.</param>
/// <param name="Trace">The client's span of the login, to which the server's is linked; absent when it is not recorded.</param>
/// <param name="Abilities">What the client can do beyond the first version.</param>
public readonly record struct ClientHello(
    ushort Minor, string Software, string Token, string ClientName, ushort LocalPort,
    Guid LastSessionId, ulong LastEpoch, bool Yield, TraceContext Trace = default,
    ClientAbilities Abilities = ClientAbilities.None) : IMessage<ClientHello>
{
    public static FrameType Type => FrameType.ClientHello;

    public void Write(PayloadWriter writer)
    {
        writer.Write(Minor);
        writer.Write(Software);
        writer.Write(Token);
        writer.Write(ClientName);
        writer.Write(LocalPort);
        writer.Write(LastSessionId);
        writer.Write(LastEpoch);
        writer.Write(Yield);
        Trace.Write(writer, isFollowed: Abilities != ClientAbilities.None);
        if (Abilities != ClientAbilities.None)
            writer.Write((byte)Abilities);
    }

    public static ClientHello Read(ref PayloadReader reader)
    {
        var hello = new ClientHello(
            reader.ReadUInt16(), reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.ReadUInt16(),
            reader.ReadId(), reader.ReadUInt64(), reader.ReadBoolean());
        bool saysAbilities = reader.Remaining > TraceContext.Length;
        hello = hello with { Trace = TraceContext.Read(ref reader) };
        return saysAbilities ? hello with { Abilities = (ClientAbilities)reader.ReadByte() } : hello;
    }
}
