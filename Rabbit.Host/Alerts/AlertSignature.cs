using System.Security.Cryptography;
using System.Text;

namespace Rabbit.Host.Alerts;

/// <summary>The signature of Standard Webhooks 1.0.0 (github.com/standard-webhooks/standard-webhooks, "Signature scheme"), symmetric.</summary>
internal static class AlertSignature
{
    private const string Prefix = "whsec_";
    private const int Shortest = 24;
    private const int Longest = 64;

    /// <summary>The bytes of a secret as it is written; null when it is none.</summary>
    public static byte[]? ReadSecret(string text)
    {
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        byte[] bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text[Prefix.Length..], bytes, out int length) && length is >= Shortest and <= Longest ? bytes[..length] : null;
    }

    /// <summary>The value of the header webhook-signature: one signature for each secret.</summary>
    public static string Of(string id, long timestamp, string body, IEnumerable<byte[]> secrets)
    {
        byte[] signed = Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}");
        return string.Join(' ', secrets.Select(secret => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(secret, signed))}"));
    }
}
