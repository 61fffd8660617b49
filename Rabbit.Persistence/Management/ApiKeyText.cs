using System.Security.Cryptography;
using Rabbit.Protocol.Credentials;

namespace Rabbit.Persistence.Management;

/// <summary>
/// A key to the API as operators carry it: <c>rbk_&lt;id&gt;_&lt;secret&gt;</c>, 12 and 32 characters of lower-case base 36;
/// the last 6 are a checksum, by which a mistyped key is told without a look-up. Only the secret's SHA-256 is stored.
/// </summary>
/// <param name="Id">Public part, fit for logs.</param>
/// <param name="Secret">The part that proves possession; never logged or stored.</param>
public readonly record struct ApiKeyText(string Id, string Secret)
{
    private const string Prefix = "rbk_";

    /// <summary>Makes a new random key.</summary>
    public static ApiKeyText Create()
    {
        (string id, string secret) = CredentialText.Create(Prefix);
        return new ApiKeyText(id, secret);
    }

    /// <summary>Reads a key; false when <paramref name="text"/> has not the shape of one or its checksum is wrong.</summary>
    public static bool TryParse(string? text, out ApiKeyText key)
    {
        bool parsed = CredentialText.TryParse(Prefix, text, out string id, out string secret);
        key = parsed ? new ApiKeyText(id, secret) : default;
        return parsed;
    }

    /// <summary>The SHA-256 of the secret, 32 bytes: all that a server stores of it.</summary>
    public byte[] HashSecret() => CredentialText.Hash(Secret);

    /// <summary>Compares with a stored hash in constant time.</summary>
    public bool Matches(ReadOnlySpan<byte> storedHash) => CryptographicOperations.FixedTimeEquals(HashSecret(), storedHash);

    /// <summary>The whole key, secret included: for the one moment in which it is shown.</summary>
    public string Reveal() => $"{Prefix}{Id}_{Secret}";

    /// <summary>The key without its secret, so that a log line cannot leak it.</summary>
    public override string ToString() => $"{Prefix}{Id}_…";
}
