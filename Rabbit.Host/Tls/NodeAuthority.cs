using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Rabbit.Host.Startup;

namespace Rabbit.Host.Tls;

/// <summary>The authority of a cluster's nodes in a directory: <c>ca.pem</c> and <c>ca.key</c>, and beside them what it has issued. Keys are ECDSA on P-256.</summary>
internal sealed class NodeAuthority : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string AuthorityName = "ca";
    private const int AuthorityYears = 10;
    private const int NodeYears = 2;
    private const int SerialLength = 16;

    private readonly string _directory;
    private readonly X509Certificate2 _authority;
    private readonly DateTimeOffset _now;

    private NodeAuthority(string directory, X509Certificate2 authority, DateTimeOffset now)
    {
        _directory = directory;
        _authority = authority;
        _now = now;
    }

    /// <summary>The authority of this directory, which is made with it where there is none.</summary>
    /// <exception cref="IOException">It cannot be read or made, in one sentence.</exception>
    public static NodeAuthority OpenOrMake(string directory, DateTimeOffset now)
    {
        var (certificateFile, keyFile) = FilesOf(directory, AuthorityName);
        if (File.Exists(certificateFile) && File.Exists(keyFile))
            return new NodeAuthority(directory, Read(certificateFile, keyFile), now);
        if (File.Exists(certificateFile) || File.Exists(keyFile))
        {
            throw new IOException(
                $"Of {certificateFile} and {keyFile} there is only one; put the other beside it, or take it away to have a new authority made, which no node trusts yet.");
        }
        Directory.CreateDirectory(directory);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=rabbit cluster", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        X509Certificate2 made = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(AuthorityYears));
        Write(made, key, certificateFile, keyFile);
        return new NodeAuthority(directory, made, now);
    }

    /// <summary>The file of a node's key, which must not be there yet.</summary>
    public static string KeyFileOf(string directory, string node) => FilesOf(directory, node).Key;

    /// <summary>False for what cannot be a node's name in a certificate and a file.</summary>
    public static bool IsName(string node) => node.Length is > 0 and <= 63 && node != AuthorityName && node[0] != '.'
        && node.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_');

    /// <summary>Makes a key and issues a certificate for it, by which a node proves its name in both directions; the certificate's file.</summary>
    /// <exception cref="IOException">The files cannot be written.</exception>
    public string Issue(string node)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={node}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(node);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication), new Oid(ClientAuthentication)], critical: false));
        DateTimeOffset end = _now.AddYears(NodeYears);
        var authorityEnd = new DateTimeOffset(_authority.NotAfter);
        using X509Certificate2 issued = request.Create(
            _authority, _now.AddDays(-1), end < authorityEnd ? end : authorityEnd, RandomNumberGenerator.GetBytes(SerialLength));
        var (certificateFile, keyFile) = FilesOf(_directory, node);
        Write(issued, key, certificateFile, keyFile);
        return certificateFile;
    }

    /// <inheritdoc/>
    public void Dispose() => _authority.Dispose();

    private static (string Certificate, string Key) FilesOf(string directory, string name) => (Path.Combine(directory, $"{name}.pem"), Path.Combine(directory, $"{name}.key"));

    private static X509Certificate2 Read(string certificateFile, string keyFile)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"The authority {certificateFile} with its key {keyFile} cannot be used ({e.Message.TrimEnd('.')}); both must be PEM files that this account can read, without a password, and belong together.", e);
        }
    }

    // The key first: a certificate without one is of no use, and what fails here can be tried again.
    private static void Write(X509Certificate2 certificate, ECDsa key, string certificateFile, string keyFile)
    {
        DataDirectory.WriteNewSecret(keyFile, key.ExportPkcs8PrivateKeyPem() + "\n");
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem() + "\n");
    }
}
