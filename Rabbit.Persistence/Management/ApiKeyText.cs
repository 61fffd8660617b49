using System.Security.Cryptography;
using System.Text;

namespace Rabbit.Persistence.Management;

/// <summary>
/// A key to the API as operators carry it: <c>rbk_&lt;id&gt;_&lt;secret&gt;</c>, the id 12 and the secret 32 characters of
/// lower-case base 36 (62 and 165 bits). Only the secret's SHA-256 is stored.
/// </summary>
public readonly record struct ApiKeyText(string Id, string Secret)
{
    private const string Prefix = "rbk_";
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const int IdLength = 12;
    private const int SecretLength = 32;

    /// <summary>Makes a new random key.</summary>
    public static ApiKeyText Create() => new(
        RandomNumberGenerator.GetString(Alphabet, IdLength), RandomNumberGenerator.GetString(Alphabet, SecretLength));

    /// <summary>Reads a key; false when <paramref name="text"/> has not the shape of one.</summary>
    public static bool TryParse(string? text, out ApiKeyText key)
    {
        key = default;
        if (text is null || text.Length != Prefix.Length + IdLength + 1 + SecretLength
            || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[Prefix.Length + IdLength] != '_')
            return false;
        key = new ApiKeyText(text.Substring(Prefix.Length, IdLength), text[^SecretLength..]);
        return true;
    }

    /// <summary>The SHA-256 of the secret, 32 bytes.</summary>
    public byte[] HashSecret() => SHA256.HashData(Encoding.UTF8.GetBytes(Secret));

    /// <summary>The whole key, secret included.</summary>
    public string Reveal() => $"{Prefix}{Id}_{Secret}";

    /// <summary>The key without its secret, so that a log line cannot leak it.</summary>
    public override string ToString() => $"{Prefix}{Id}_…";
}
