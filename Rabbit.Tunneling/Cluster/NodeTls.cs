using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Rabbit.Protocol.Tls;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// TLS between nodes: versions 1.2 and 1.3, and on both sides a certificate of the cluster's authority that is valid now and, where a node
/// is dialled, has its name. Sessions are not resumed: each connection shows its certificate.
/// </summary>
internal sealed class NodeTls(Lazy<INodeMaterial> material)
{
    /// <summary>Bytes that a peer may send until its handshake is complete.</summary>
    public const int MaxHandshakeBytes = 32 * 1024;

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private static readonly SslApplicationProtocol NodeProtocol = new("rabbit-node/1");

    /// <summary>Sees that there is a certificate.</summary>
    /// <exception cref="IOException">One sentence about what is wrong with its files.</exception>
    public void Load() => _ = material.Value;

    /// <summary>For a node that dials this one; <paramref name="peer"/> is told who it is.</summary>
    public SslServerAuthenticationOptions CreateServerOptions(NodeIdentity peer) => new()
    {
        ServerCertificateContext = material.Value.Certificate,
        ClientCertificateRequired = true,
        ApplicationProtocols = [NodeProtocol],
        EnabledSslProtocols = TlsVersions.Allowed,
        AllowTlsResume = false,
        CertificateChainPolicy = PolicyFor(ClientAuthentication),
        RemoteCertificateValidationCallback = (_, shown, _, errors) =>
        {
            if (shown is null || errors != SslPolicyErrors.None)
                return false;
            peer.Prove(shown);
            return true;
        },
    };

    /// <summary>For a node that this one dials.</summary>
    public SslClientAuthenticationOptions CreateClientOptions(string node) => new()
    {
        TargetHost = node,
        ClientCertificateContext = material.Value.Certificate,
        ApplicationProtocols = [NodeProtocol],
        EnabledSslProtocols = TlsVersions.Allowed,
        AllowTlsResume = false,
        CertificateChainPolicy = PolicyFor(ServerAuthentication),
        RemoteCertificateValidationCallback = (_, shown, _, errors) =>
        {
            // The names are compared here: that of a node need not be one of a host.
            if (shown is null || (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) != SslPolicyErrors.None)
                return false;
            var peer = new NodeIdentity();
            peer.Prove(shown);
            return peer.Is(node);
        },
    };

    private X509ChainPolicy PolicyFor(string usage)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(material.Value.Authorities);
        policy.ApplicationPolicy.Add(new Oid(usage));
        return policy;
    }
}
