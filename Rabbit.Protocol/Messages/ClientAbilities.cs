namespace Rabbit.Protocol.Messages;

/// <summary>What a client can do that the first clients could not (docs/protocol.md, "ClientHello"). Bits are never reused.</summary>
[Flags]
public enum ClientAbilities : byte
{
    /// <summary>Nothing more.</summary>
    None = 0,

    /// <summary>It opens data channels to other nodes where <see cref="OpenChannelsAt"/> asks for them.</summary>
    ChannelsElsewhere = 1,
}
