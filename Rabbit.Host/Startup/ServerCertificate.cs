using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Rabbit.Persistence;
using Rabbit.Protocol.Credentials;
using Rabbit.Tunneling;

namespace Rabbit.Host.Startup;

/// <summary>
/// The operator's certificate from PEM files, or a self-signed one that is made once and kept in the data directory, so that
/// its fingerprint stays the same.
/// </summary>
internal sealed partial class ServerCertificate : IServerCertificate
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int LifeYears = 10;

    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public ServerCertificate(
        IOptions<TunnelingOptions> tunneling, IOptions<PersistenceOptions> persistence, TimeProvider time, ILogger<ServerCertificate> logger)
    {
        TunnelingOptions options = tunneling.Value;
        if (options.CertificateFile.Length > 0)
        {
            Current = Load(options.CertificateFile, options.CertificateKeyFile);
            return;
        }

        string directory = Path.Combine(persistence.Value.Data, "tls");
        string certificateFile = Path.Combine(directory, "cert.pem");
        string keyFile = Path.Combine(directory, "key.pem");
        if (!File.Exists(certificateFile))
        {
            DataDirectory.Make(directory);
            using X509Certificate2 made = Make(options.PublicHost, time.GetUtcNow());
            using ECDsa key = made.GetECDsaPrivateKey()!;
            DataDirectory.WriteSecret(keyFile, key.ExportPkcs8PrivateKeyPem() + "\n");
            File.WriteAllText(certificateFile, made.ExportCertificatePem() + "\n");
            LogMade(logger, certificateFile, CertificateFingerprint.Of(made));
        }
        Current = Load(certificateFile, keyFile);
    }

    /// <inheritdoc/>
    public X509Certificate2 Current { get; }

    private static X509Certificate2 Load(string certificateFile, string keyFile)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certificateFile, keyFile.Length > 0 ? keyFile : null);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            string key = keyFile.Length > 0 ? $" with its key {keyFile}" : "";
            throw new IOException(
                $"The certificate {certificateFile}{key} cannot be used ({e.Message.TrimEnd('.')}); both must be PEM files that this account can read, and belong together.", e);
        }
    }

    private static X509Certificate2 Make(string publicHost, DateTimeOffset now)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=rabbit", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (string name in new[] { "localhost", Environment.MachineName, publicHost }.Where(name => name.Length > 0).Distinct())
        {
            if (IPAddress.TryParse(name, out IPAddress? address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(name);
        }
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        return request.CreateSelfSigned(now.AddDays(-1), now.AddYears(LifeYears));
    }

    [LoggerMessage(EventIds.CertificateMade, LogLevel.Information, "Made a self-signed certificate {File} with fingerprint {Fingerprint}")]
    private static partial void LogMade(ILogger logger, string file, string fingerprint);
}
