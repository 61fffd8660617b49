using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Rabbit.Protocol.Credentials;

/// <summary>
/// A token as people carry it: <c>rbt_&lt;id&gt;_&lt;secret&gt;</c> in lower-case base 36. The id has 12 characters (62 bits);
/// the secret has 26 random ones (134 bits) and a checksum of 6 over all before it, by which a mistyped token and a
/// secret scanner's false alarm are told without a look-up. The server finds tokens by id and keeps only
/// <see cref="HashSecret"/> of the secret.
/// </summary>
/// <param name="Id">Public part, fit for logs.</param>
/// <param name="Secret">The part that proves possession; never logged or stored.</param>
public readonly record struct TokenText(string Id, string Secret)
{
    private const string Prefix = "rbt_";
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const int IdLength = 12;
    private const int RandomLength = 26;
    private const int ChecksumLength = 6;
    private const int SecretStart = 4 + IdLength + 1;
    private const int Length = SecretStart + RandomLength + ChecksumLength;

    private static readonly SearchValues<char> AlphabetValues = SearchValues.Create(Alphabet);

    /// <summary>Makes a new random token.</summary>
    public static TokenText Create()
    {
        string id = RandomNumberGenerator.GetString(Alphabet, IdLength);
        string random = RandomNumberGenerator.GetString(Alphabet, RandomLength);
        return new TokenText(id, random + Checksum(id, random));
    }

    /// <summary>Reads a token; false when <paramref name="text"/> has not the shape of one or its checksum is wrong.</summary>
    public static bool TryParse(string? text, out TokenText token)
    {
        token = default;
        if (text is null || text.Length != Length || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[SecretStart - 1] != '_')
            return false;
        string id = text.Substring(Prefix.Length, IdLength);
        string secret = text[SecretStart..];
        if (id.AsSpan().ContainsAnyExcept(AlphabetValues) || secret.AsSpan().ContainsAnyExcept(AlphabetValues)
            || secret[RandomLength..] != Checksum(id, secret[..RandomLength]))
            return false;
        token = new TokenText(id, secret);
        return true;
    }

    /// <summary>The SHA-256 of the secret, 32 bytes: all that a server stores of it.</summary>
    public byte[] HashSecret() => SHA256.HashData(Encoding.ASCII.GetBytes(Secret));

    /// <summary>Compares with a stored hash in constant time.</summary>
    public bool Matches(ReadOnlySpan<byte> storedHash) => CryptographicOperations.FixedTimeEquals(HashSecret(), storedHash);

    /// <summary>The whole token, secret included: for the one moment in which it is shown.</summary>
    public string Reveal() => $"{Prefix}{Id}_{Secret}";

    /// <summary>The token without its secret, so that a log line cannot leak it.</summary>
    public override string ToString() => $"{Prefix}{Id}_…";

    private static string Checksum(string id, string random)
    {
        uint value = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.ASCII.GetBytes($"{Prefix}{id}_{random}")));
        Span<char> digits = stackalloc char[ChecksumLength];
        for (int i = ChecksumLength - 1; i >= 0; i--)
        {
            digits[i] = Alphabet[(int)(value % Alphabet.Length)];
            value /= (uint)Alphabet.Length;
        }
        return new string(digits);
    }
}
