using System.Security.Cryptography;

namespace Rabbit.Protocol.Credentials;

/// <summary>
/// A token as people carry it: <c>rbt_&lt;id&gt;_&lt;secret&gt;</c> in lower-case base 36. The id has 12 characters (62 bits);
/// the secret has 26 random ones (134 bits) and a checksum of 6 over all before it, by which a mistyped token and a
/// secret scanner's false alarm are told without a look-up. The server finds tokens by id and keeps only
/// <see cref="HashSecret"/> of the secret. Tokens of rabbit.go, which were imported, have another shape (<see cref="ForeignTokenText"/>).
/// </summary>
/// <param name="Id">Public part, fit for logs.</param>
/// <param name="Secret">The part that proves possession; never logged or stored.</param>
public readonly record struct TokenText(string Id, string Secret)
{
    private const string Prefix = "rbt_";

    /// <summary>Makes a new random token.</summary>
    public static TokenText Create()
    {
        (string id, string secret) = CredentialText.Create(Prefix);
        return new TokenText(id, secret);
    }

    /// <summary>Makes a new random secret for a token of this id.</summary>
    public static TokenText CreateFor(string id) => new(id, CredentialText.CreateSecret(Prefix, id));

    /// <summary>Reads a token; false when <paramref name="text"/> has not the shape of one or its checksum is wrong.</summary>
    public static bool TryParse(string? text, out TokenText token)
    {
        if (ForeignTokenText.IsOne(text))
        {
            token = new TokenText(ForeignTokenText.IdOf(text), text);
            return true;
        }
        bool parsed = CredentialText.TryParse(Prefix, text, out string id, out string secret);
        token = parsed ? new TokenText(id, secret) : default;
        return parsed;
    }

    /// <summary>The SHA-256 of the secret, 32 bytes: all that a server stores of it.</summary>
    public byte[] HashSecret() => CredentialText.Hash(Secret);

    /// <summary>Compares with a stored hash in constant time.</summary>
    public bool Matches(ReadOnlySpan<byte> storedHash) => CryptographicOperations.FixedTimeEquals(HashSecret(), storedHash);

    /// <summary>The whole token, secret included: for the one moment in which it is shown.</summary>
    public string Reveal() => ForeignTokenText.IsOne(Secret) ? Secret : $"{Prefix}{Id}_{Secret}";

    /// <summary>The token without its secret, so that a log line cannot leak it.</summary>
    public override string ToString() => $"{Prefix}{Id}_…";
}
