using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Rabbit.Host.Startup;
using Rabbit.Protocol.Credentials;

namespace Rabbit.Host.Tls;

/// <summary>A certificate that is made once and kept in the data directory, so that its fingerprint stays the same.</summary>
internal static partial class SelfSignedCertificate
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int LifeYears = 10;

    /// <summary>The files of the one in the data directory; made if there is none.</summary>
    /// <exception cref="IOException">They cannot be written.</exception>
    public static (string CertificateFile, string KeyFile) FindOrMake(string data, string publicHost, DateTimeOffset now, ILogger logger)
    {
        string directory = Path.Combine(data, "tls");
        string certificateFile = Path.Combine(directory, "cert.pem");
        string keyFile = Path.Combine(directory, "key.pem");
        if (!File.Exists(certificateFile))
        {
            DataDirectory.Make(directory);
            using X509Certificate2 made = Make(publicHost, now);
            using ECDsa key = made.GetECDsaPrivateKey()!;
            DataDirectory.WriteSecret(keyFile, key.ExportPkcs8PrivateKeyPem() + "\n");
            File.WriteAllText(certificateFile, made.ExportCertificatePem() + "\n");
            LogMade(logger, certificateFile, CertificateFingerprint.Of(made));
        }
        return (certificateFile, keyFile);
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
