using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Rabbit.Persistence;
using Rabbit.Protocol.Credentials;
using Rabbit.Tunneling;

namespace Rabbit.Host.Tls;

/// <summary>
/// What TLS uses now, from the operator's PEM files or from the self-signed certificate of the data directory. Files that change are
/// taken over for the next handshake; what is connected stays. Files that cannot be used change nothing.
/// </summary>
internal sealed partial class TlsMaterial : ITlsMaterial
{
    private readonly ILogger<TlsMaterial> _logger;
    private readonly Lock _reloading = new();
    private readonly PemFiles _files;
    private volatile Loaded _loaded;

    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public TlsMaterial(IOptions<TunnelingOptions> tunneling, IOptions<PersistenceOptions> persistence, TimeProvider time, ILogger<TlsMaterial> logger)
    {
        _logger = logger;
        TunnelingOptions options = tunneling.Value;
        var (certificateFile, keyFile) = options.CertificateFile.Length > 0
            ? (options.CertificateFile, options.CertificateKeyFile)
            : SelfSignedCertificate.FindOrMake(persistence.Value.Data, options.PublicHost, time.GetUtcNow(), logger);
        _files = new PemFiles(certificateFile, keyFile, options.ClientCaFile);
        _files.HaveChanged();
        _loaded = Load();
    }

    /// <inheritdoc/>
    public SslStreamCertificateContext Certificate => _loaded.Certificate;

    /// <inheritdoc/>
    public X509Certificate2Collection? ClientAuthorities => _loaded.ClientAuthorities;

    /// <summary>Takes over what the files hold, if that has changed.</summary>
    public void Reload()
    {
        lock (_reloading)
        {
            if (!_files.HaveChanged())
                return;
            try
            {
                _loaded = Load();
            }
            catch (IOException e)
            {
                LogKept(e.Message);
                return;
            }
        }
        X509Certificate2 certificate = Certificate.TargetCertificate;
        LogReloaded(CertificateFingerprint.Of(certificate), certificate.NotAfter.ToUniversalTime());
    }

    private Loaded Load() => new(_files.ReadCertificate(), _files.ReadClientAuthorities());

    [LoggerMessage(EventIds.CertificateReloaded, LogLevel.Information, "The TLS files have changed: the certificate for new connections is {Fingerprint}, good until {NotAfter:u}")]
    private partial void LogReloaded(string fingerprint, DateTime notAfter);

    [LoggerMessage(EventIds.CertificateKept, LogLevel.Warning, "The TLS files have changed and cannot be used, so the former are kept until they change again: {Reason}")]
    private partial void LogKept(string reason);

    private sealed record Loaded(SslStreamCertificateContext Certificate, X509Certificate2Collection? ClientAuthorities);
}
