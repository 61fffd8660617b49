using System.Security.Cryptography.X509Certificates;

namespace Rabbit.Tunneling.Cluster;

/// <summary>Who a peer has proved to be: the DNS names of its certificate (RFC 5280 section 4.2.1.6), which a handshake fills in.</summary>
internal sealed class NodeIdentity
{
    private string[] _names = [];

    /// <summary>True when it is this node.</summary>
    public bool Is(string node) => _names.Contains(node, StringComparer.OrdinalIgnoreCase);

    /// <summary>The peer has shown this certificate, issued by the cluster's authority.</summary>
    public void Prove(X509Certificate certificate) =>
        _names = [.. ((X509Certificate2)certificate).Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(names => names.EnumerateDnsNames())];
}
