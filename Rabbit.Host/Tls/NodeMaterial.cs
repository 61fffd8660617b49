using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Credentials;
using Rabbit.Tunneling;
using Rabbit.Tunneling.Cluster;

namespace Rabbit.Host.Tls;

/// <summary>What this node proves itself to others by, from the operator's PEM files. Files that change are taken over for the next handshake; files that cannot be used change nothing.</summary>
internal sealed partial class NodeMaterial : INodeMaterial
{
    private readonly ILogger<NodeMaterial> _logger;
    private readonly Lock _reloading = new();
    private readonly PemFiles _files;
    private volatile Loaded _loaded;

    /// <exception cref="IOException">A file is not given, or cannot be read, in one sentence.</exception>
    public NodeMaterial(IOptions<TunnelingOptions> tunneling, ILogger<NodeMaterial> logger)
    {
        _logger = logger;
        _files = FilesOf(tunneling.Value);
        _files.HaveChanged();
        _loaded = Load(_files);
    }

    /// <inheritdoc/>
    public SslStreamCertificateContext Certificate => _loaded.Certificate;

    /// <inheritdoc/>
    public X509Certificate2Collection Authorities => _loaded.Authorities;

    /// <summary>Takes over what the files hold, if that has changed.</summary>
    public void Reload()
    {
        lock (_reloading)
        {
            if (!_files.HaveChanged())
                return;
            try
            {
                _loaded = Load(_files);
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

    /// <summary>Sees that the files can be used.</summary>
    /// <exception cref="IOException">A file is not given, or cannot be read, in one sentence.</exception>
    public static void Check(TunnelingOptions options) => Load(FilesOf(options));

    private static PemFiles FilesOf(TunnelingOptions options) => options.ClusterCertificateFile.Length > 0 && options.ClusterAuthorityFile.Length > 0
        ? new PemFiles(options.ClusterCertificateFile, options.ClusterCertificateKeyFile, options.ClusterAuthorityFile)
        : throw new IOException(
            "A node of a cluster needs a certificate and its authority's; make them with 'rabbit cluster certificate DIR --node NAME', and name the files with --cluster-certificate-file, --cluster-certificate-key-file and --cluster-authority-file.");

    private static Loaded Load(PemFiles files) => new(files.ReadCertificate(), files.ReadAuthorities("authorities of the cluster")!);

    [LoggerMessage(EventIds.NodeCertificateReloaded, LogLevel.Information, "The node's TLS files have changed: its certificate for new connections is {Fingerprint}, good until {NotAfter:u}")]
    private partial void LogReloaded(string fingerprint, DateTime notAfter);

    [LoggerMessage(EventIds.NodeCertificateKept, LogLevel.Warning, "The node's TLS files have changed and cannot be used, so the former are kept until they change again: {Reason}")]
    private partial void LogKept(string reason);

    private sealed record Loaded(SslStreamCertificateContext Certificate, X509Certificate2Collection Authorities);
}
