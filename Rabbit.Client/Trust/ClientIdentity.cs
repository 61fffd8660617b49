using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Rabbit.Client.Trust;

/// <summary>The certificate by which this client shows a server that asks for one who it is. Read again at each login, since certificates are renewed.</summary>
internal sealed class ClientIdentity
{
    private readonly string _certificateFile;
    private readonly string? _keyFile;
    private volatile SslStreamCertificateContext _current;

    /// <param name="certificateFile">PEM file of the certificate, and behind it those between it and its authority.</param>
    /// <param name="keyFile">PEM file of its private key; null where the key is in the same file.</param>
    /// <exception cref="FormatException">One sentence about what is wrong with the files.</exception>
    public ClientIdentity(string certificateFile, string? keyFile)
    {
        (_certificateFile, _keyFile) = (certificateFile, keyFile);
        _current = Read();
    }

    /// <summary>For the next handshake.</summary>
    public SslStreamCertificateContext Current => _current;

    /// <summary>Takes over what the files hold now; keeps the former when they cannot be used, as in the middle of a renewal.</summary>
    public void Refresh()
    {
        try
        {
            _current = Read();
        }
        catch (FormatException)
        {
            // The server says what it thinks of the former.
        }
    }

    private SslStreamCertificateContext Read()
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(_certificateFile, _keyFile);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(_certificateFile);
            chain.RemoveAt(0); // The certificate itself, without its key.
            return SslStreamCertificateContext.Create(certificate, chain, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            string key = _keyFile is null ? "" : $" with the key {_keyFile} of --certificate-key";
            throw new FormatException(
                $"The file {_certificateFile} of --certificate{key} cannot be used ({e.Message.TrimEnd('.')}); both must be PEM files that this account can read, without a password, and belong together.", e);
        }
    }
}
