using System.Security.Cryptography;

namespace Rabbit.Faults.Load;

/// <summary>Looks at each byte of a stream that arrives, and hashes what has arrived.</summary>
internal sealed class ContentCheck(ulong seed) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _expected = [];

    /// <summary>Bytes so far.</summary>
    public long Count { get; private set; }

    /// <summary>SHA-256 of what has arrived, in hexadecimal.</summary>
    public string Hash => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>SHA-256 of what should arrive, in hexadecimal.</summary>
    public static string HashOf(ulong seed, long length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] chunk = new byte[64 * 1024];
        for (long at = 0; at < length; at += chunk.Length)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, length - at));
            Content.Fill(part, seed, at);
            hash.AppendData(part);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <exception cref="CorruptException">They are not the next bytes of the stream.</exception>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_expected.Length < bytes.Length)
            _expected = new byte[bytes.Length];
        Span<byte> expected = _expected.AsSpan(0, bytes.Length);
        Content.Fill(expected, seed, Count);
        int same = bytes.CommonPrefixLength(expected);
        if (same < bytes.Length)
            throw new CorruptException($"byte {Count + same} is {bytes[same]:x2}, not {expected[same]:x2}");
        _hash.AppendData(bytes);
        Count += bytes.Length;
    }

    public void Dispose() => _hash.Dispose();
}
