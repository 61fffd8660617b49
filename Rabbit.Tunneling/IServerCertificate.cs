using System.Security.Cryptography.X509Certificates;

namespace Rabbit.Tunneling;

/// <summary>The certificate by which this server proves who it is on the control port.</summary>
public interface IServerCertificate
{
    /// <summary>The certificate for the next handshake, with its private key.</summary>
    X509Certificate2 Current { get; }
}
