using System.Security.Cryptography;

namespace Rabbit.Tunneling.Sessions;

/// <summary>The 128 random bits that prove a data channel to be the session's, made anew at each login (docs/protocol.md, "DataHello").</summary>
internal sealed class ChannelSecret
{
    private const int Length = 16;

    private readonly byte[] _bytes;

    /// <summary>A new one.</summary>
    public ChannelSecret() => _bytes = RandomNumberGenerator.GetBytes(Length);

    /// <summary>One that another node has made.</summary>
    public ChannelSecret(Guid value) => _bytes = value.ToByteArray(bigEndian: true);

    /// <summary>As the client is told it.</summary>
    public Guid Value => new(_bytes, bigEndian: true);

    /// <summary>Compares in constant time.</summary>
    public bool Is(Guid presented)
    {
        Span<byte> bytes = stackalloc byte[Length];
        presented.TryWriteBytes(bytes, bigEndian: true, out _);
        return CryptographicOperations.FixedTimeEquals(bytes, _bytes);
    }
}
