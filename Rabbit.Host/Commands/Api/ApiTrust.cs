using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Rabbit.Protocol.Credentials;

namespace Rabbit.Host.Commands.Api;

/// <summary>
/// Decides whether the API's server is the one meant: by a pinned fingerprint, or else by the system's authorities, or because
/// it shows the certificate in the server's data directory.
/// </summary>
internal sealed class ApiTrust(string? pinned, string data)
{
    /// <summary>Why the certificate was refused, one sentence; null when it was not.</summary>
    public string? Refusal { get; private set; }

    public bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        Refusal = certificate is null ? "The API's server shows no certificate." : FindFault(CertificateFingerprint.Of(certificate), errors);
        return Refusal is null;
    }

    private string? FindFault(string fingerprint, SslPolicyErrors errors)
    {
        if (pinned is not null)
        {
            return fingerprint == pinned ? null
                : $"The API's certificate is not the pinned one: expected {pinned}, got {fingerprint}. If it was replaced on purpose, use the new fingerprint; otherwise somebody is in between.";
        }
        return errors == SslPolicyErrors.None || fingerprint == OwnFingerprint() ? null
            : $"The API's certificate is neither vouched for by an authority of this system nor in the data directory ({errors}); pin it with --fingerprint {fingerprint} if that is the fingerprint which the server prints.";
    }

    private string? OwnFingerprint()
    {
        string file = Path.Combine(data, "tls", "cert.pem");
        try
        {
            if (!File.Exists(file))
                return null;
            using X509Certificate2 own = X509Certificate2.CreateFromPem(File.ReadAllText(file));
            return CertificateFingerprint.Of(own);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null;
        }
    }
}
