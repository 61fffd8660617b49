namespace Rabbit.Protocol;

/// <summary>Sizes that every Rabbit peer of protocol major version 2 keeps to (docs/protocol.md, "Limits").</summary>
public static class ProtocolLimits
{
    /// <summary>Largest frame payload, in bytes, from a peer that has not authenticated.</summary>
    public const int UnauthenticatedPayload = 4 * 1024;

    /// <summary>Largest frame payload, in bytes, after authentication.</summary>
    public const int Payload = 64 * 1024;

    /// <summary>Longest line of the legacy protocol, in bytes, its newline excluded.</summary>
    public const int LegacyLine = 1024;
}
