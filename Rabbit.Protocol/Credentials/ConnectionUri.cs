using System.Globalization;

namespace Rabbit.Protocol.Credentials;

/// <summary>
/// All that a client needs, in one string to paste: <c>rabbit://TOKEN@host:port?fingerprint=SHA256</c>. The port is 9999
/// when absent; <c>plaintext=1</c> switches TLS off.
/// </summary>
/// <param name="Token">The whole token, or empty when the string carries none.</param>
/// <param name="Host">Host name or address, an IPv6 address without brackets.</param>
/// <param name="Port">Control port.</param>
/// <param name="Fingerprint">SHA-256 of the server's certificate, 64 hexadecimal digits, or null.</param>
/// <param name="Plaintext">True when the client is to speak without TLS.</param>
public sealed record ConnectionUri(string Token, string Host, int Port, string? Fingerprint, bool Plaintext)
{
    /// <summary>The control port when none is given.</summary>
    public const int DefaultPort = 9999;

    /// <exception cref="FormatException">One sentence that says what is wrong with <paramref name="text"/>.</exception>
    public static ConnectionUri Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme != "rabbit" || uri.Host.Length == 0)
            throw new FormatException("The connection string must look like rabbit://TOKEN@host:port?fingerprint=...; paste it as the server printed it.");
        if (uri.AbsolutePath is not ("" or "/") || uri.Fragment.Length > 0)
            throw new FormatException("The connection string has a path or fragment; paste it as the server printed it.");

        string? fingerprint = null;
        bool plaintext = false;
        foreach (string pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            string value = parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "";
            switch (parts[0])
            {
                case "fingerprint":
                    fingerprint = CertificateFingerprint.Normalize(value);
                    break;
                case "plaintext" when value is "1" or "true":
                    plaintext = true;
                    break;
                default:
                    throw new FormatException($"The connection string has the unknown option '{parts[0]}'; paste it as the server printed it.");
            }
        }
        return new ConnectionUri(
            Uri.UnescapeDataString(uri.UserInfo), uri.IdnHost.Trim('[', ']'), uri.IsDefaultPort ? DefaultPort : uri.Port, fingerprint, plaintext);
    }

    /// <summary>The string to paste, with its token if it carries one.</summary>
    public string Reveal()
    {
        string host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
        string query = (Fingerprint, Plaintext) switch
        {
            (not null, _) => $"?fingerprint={Fingerprint}",
            (null, true) => "?plaintext=1",
            _ => "",
        };
        return string.Create(CultureInfo.InvariantCulture, $"rabbit://{(Token.Length > 0 ? $"{Token}@" : "")}{host}:{Port}{query}");
    }

    /// <summary>The string without its token, so that a log line cannot leak it.</summary>
    public override string ToString() => $"rabbit://…@{Host}:{Port}";
}
