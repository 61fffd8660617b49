using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Rabbit.Host.Tls;

/// <summary>The PEM files of TLS (RFC 7468), and what they held when they were read last.</summary>
/// <param name="certificateFile">The server's certificate, and behind it those between it and its authority.</param>
/// <param name="keyFile">Its private key; empty where the key is in the same file.</param>
/// <param name="authorityFile">The authorities of the peers' certificates; empty for none.</param>
internal sealed class PemFiles(string certificateFile, string keyFile, string authorityFile)
{
    private byte[] _content = [];

    /// <summary>True when the files hold something else than when this was asked last; a file that cannot be read holds nothing.</summary>
    public bool HaveChanged()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in new[] { certificateFile, keyFile, authorityFile }.Where(file => file.Length > 0))
        {
            byte[] content = ReadOrNothing(file);
            hash.AppendData(BitConverter.GetBytes(content.Length));
            hash.AppendData(content);
        }
        byte[] now = hash.GetHashAndReset();
        bool haveChanged = !now.AsSpan().SequenceEqual(_content);
        _content = now;
        return haveChanged;
    }

    /// <summary>The server's certificate with its whole chain.</summary>
    /// <exception cref="IOException">One sentence about what is wrong with the files.</exception>
    public SslStreamCertificateContext ReadCertificate()
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile.Length > 0 ? keyFile : null);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificateFile);
            chain.RemoveAt(0); // The certificate itself, without its key.
            return SslStreamCertificateContext.Create(certificate, chain, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            string key = keyFile.Length > 0 ? $" with its key {keyFile}" : "";
            throw new IOException(
                $"The certificate {certificateFile}{key} cannot be used ({e.Message.TrimEnd('.')}); both must be PEM files that this account can read, without a password, and belong together.", e);
        }
    }

    /// <summary>The authorities of clients' certificates; null for none.</summary>
    /// <exception cref="IOException">One sentence about what is wrong with the file.</exception>
    public X509Certificate2Collection? ReadClientAuthorities() => ReadAuthorities("client authorities");

    /// <summary>The authorities of the peers' certificates, called so in messages; null for none.</summary>
    /// <exception cref="IOException">One sentence about what is wrong with the file.</exception>
    public X509Certificate2Collection? ReadAuthorities(string name)
    {
        if (authorityFile.Length == 0)
            return null;
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(authorityFile);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The {name} {authorityFile} cannot be used ({e.Message.TrimEnd('.')}); it must be a PEM file that this account can read.", e);
        }
        return authorities.Count > 0 ? authorities : throw new IOException($"The {name} {authorityFile} hold no certificate in PEM form.");
    }

    private static byte[] ReadOrNothing(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
