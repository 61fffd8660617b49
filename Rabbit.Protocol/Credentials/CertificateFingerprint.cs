using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Rabbit.Protocol.Credentials;

/// <summary>The SHA-256 of a certificate's DER bytes, as 64 lower-case hexadecimal digits.</summary>
public static class CertificateFingerprint
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>The fingerprint of <paramref name="certificate"/>.</summary>
    public static string Of(X509Certificate certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.GetRawCertData()));

    /// <summary>Brings what a person pasted (upper case, colons, a <c>sha256:</c> prefix) to the canonical form.</summary>
    /// <exception cref="FormatException">It is not a SHA-256 in hexadecimal.</exception>
    public static string Normalize(string text)
    {
        string digits = text.Trim();
        if (digits.StartsWith("sha256:", StringComparison.OrdinalIgnoreCase))
            digits = digits["sha256:".Length..];
        digits = digits.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
        if (digits.Length != 64 || digits.AsSpan().ContainsAnyExcept(HexDigits))
            throw new FormatException("The fingerprint must be a SHA-256 of 64 hexadecimal digits; copy it from the server's output.");
        return digits;
    }
}
