using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Rabbit.Tunneling;

/// <summary>What TLS needs on the control port: by what this server proves who it is, and who vouches for its clients. Either may change at any time.</summary>
public interface ITlsMaterial
{
    /// <summary>The certificate for the next handshake, with its private key and the certificates between it and its authority.</summary>
    SslStreamCertificateContext Certificate { get; }

    /// <summary>The authorities one of which must have issued each client's certificate; null where clients need none.</summary>
    X509Certificate2Collection? ClientAuthorities { get; }
}
