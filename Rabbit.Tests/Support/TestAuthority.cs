using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Rabbit.Tests.Support;

/// <summary>A certificate authority with one between it and what it issues, as public ones are.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly TempDirectory _files = new();
    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _intermediate;

    public TestAuthority()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _root = Request("CN=test root", rootKey, isAuthority: true).CreateSelfSigned(Now.AddDays(-2), Now.AddDays(30));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 issued = Request("CN=test intermediate", key, isAuthority: true).Create(_root, Now.AddDays(-2), Now.AddDays(29), [1]);
        _intermediate = issued.CopyWithPrivateKey(key);
        File.WriteAllText(RootFile, _root.ExportCertificatePem());
    }

    /// <summary>PEM file of the root alone.</summary>
    public string RootFile => _files.File("root.pem");

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>Issues a certificate for a server on this machine.</summary>
    public IssuedCertificate IssueForServer(string name, TimeSpan? life = null) => Issue(name, ServerAuthentication, life ?? TimeSpan.FromDays(28));

    /// <summary>Issues a certificate for a client.</summary>
    public IssuedCertificate IssueForClient(string name, TimeSpan? life = null) => Issue(name, ClientAuthentication, life ?? TimeSpan.FromDays(28));

    public void Dispose()
    {
        _root.Dispose();
        _intermediate.Dispose();
        _files.Dispose();
    }

    private IssuedCertificate Issue(string name, string usage, TimeSpan life)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = Request($"CN={name}", key, isAuthority: false);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 issued = request.Create(_intermediate, Now.AddDays(-1), Now + life, RandomNumberGenerator.GetBytes(8));
        string chain = issued.ExportCertificatePem() + "\n" + _intermediate.ExportCertificatePem() + "\n";
        var made = new IssuedCertificate(_files.File($"{name}.pem"), _files.File($"{name}.key"), issued.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant());
        File.WriteAllText(made.CertificateFile, chain);
        File.WriteAllText(made.KeyFile, key.ExportPkcs8PrivateKeyPem());
        return made;
    }

    private static CertificateRequest Request(string name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            isAuthority ? X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign : X509KeyUsageFlags.DigitalSignature, critical: true));
        return request;
    }
}

/// <summary>PEM files of a certificate with its chain, and of its key.</summary>
internal sealed record IssuedCertificate(string CertificateFile, string KeyFile, string Fingerprint)
{
    /// <summary>Puts this one's files in the place of another's.</summary>
    public void Replace(IssuedCertificate other)
    {
        File.Copy(KeyFile, other.KeyFile, overwrite: true);
        File.Copy(CertificateFile, other.CertificateFile, overwrite: true);
    }
}
