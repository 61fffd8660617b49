using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Rabbit.Tunneling.Cluster;

/// <summary>By what this node proves to others who it is, and who vouches for them. Either may change at any time.</summary>
public interface INodeMaterial
{
    /// <summary>The certificate for the next handshake, with its private key and the certificates between it and its authority.</summary>
    SslStreamCertificateContext Certificate { get; }

    /// <summary>The authorities one of which must have issued each node's certificate.</summary>
    X509Certificate2Collection Authorities { get; }
}
