using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Rabbit.Protocol.Credentials;

/// <summary>
/// The shape that all of Rabbit's secrets share: <c>&lt;prefix&gt;&lt;id&gt;_&lt;secret&gt;</c> in lower-case base 36. The
/// id has 12 characters (62 bits); the secret has 26 random ones (134 bits) and a checksum of 6 over all before it, by
/// which a mistyped secret and a secret scanner's false alarm are told without a look-up.
/// </summary>
internal static class CredentialText
{
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const int IdLength = 12;
    private const int RandomLength = 26;
    private const int ChecksumLength = 6;

    private static readonly SearchValues<char> AlphabetValues = SearchValues.Create(Alphabet);

    internal static (string Id, string Secret) Create(string prefix)
    {
        string id = RandomNumberGenerator.GetString(Alphabet, IdLength);
        return (id, CreateSecret(prefix, id));
    }

    internal static string CreateSecret(string prefix, string id)
    {
        string random = RandomNumberGenerator.GetString(Alphabet, RandomLength);
        return random + Checksum(prefix, id, random);
    }

    internal static bool TryParse(string prefix, string? text, out string id, out string secret)
    {
        id = secret = "";
        int secretStart = prefix.Length + IdLength + 1;
        if (text is null || text.Length != secretStart + RandomLength + ChecksumLength
            || !text.StartsWith(prefix, StringComparison.Ordinal) || text[secretStart - 1] != '_')
            return false;
        string readId = text.Substring(prefix.Length, IdLength);
        string readSecret = text[secretStart..];
        if (readId.AsSpan().ContainsAnyExcept(AlphabetValues) || readSecret.AsSpan().ContainsAnyExcept(AlphabetValues)
            || readSecret[RandomLength..] != Checksum(prefix, readId, readSecret[..RandomLength]))
            return false;
        (id, secret) = (readId, readSecret);
        return true;
    }

    internal static byte[] Hash(string secret) => SHA256.HashData(Encoding.ASCII.GetBytes(secret));

    /// <summary>An id made of the first 64 bits of a hash.</summary>
    internal static string IdFrom(ReadOnlySpan<byte> hash) => Digits(BinaryPrimitives.ReadUInt64BigEndian(hash), IdLength);

    private static string Checksum(string prefix, string id, string random) => Digits(
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.ASCII.GetBytes($"{prefix}{id}_{random}"))), ChecksumLength);

    // The last digits of the number in base 36.
    private static string Digits(ulong value, int length) => string.Create(length, value, static (digits, left) =>
    {
        for (int i = digits.Length - 1; i >= 0; i--)
        {
            digits[i] = Alphabet[(int)(left % (ulong)Alphabet.Length)];
            left /= (ulong)Alphabet.Length;
        }
    });
}
