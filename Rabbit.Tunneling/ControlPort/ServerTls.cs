using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>The control port's TLS settings: the operating system's protocol and cipher policy, and the current certificate.</summary>
internal sealed class ServerTls(IServerCertificate certificate)
{
    private X509Certificate2? _certificate;
    private SslServerAuthenticationOptions? _options;

    /// <summary>Options for the next handshake; shared, so that sessions can be resumed.</summary>
    public SslServerAuthenticationOptions Options
    {
        get
        {
            X509Certificate2 current = certificate.Current;
            if (_options is null || !ReferenceEquals(_certificate, current))
            {
                _options = new SslServerAuthenticationOptions
                {
                    ServerCertificateContext = SslStreamCertificateContext.Create(current, additionalCertificates: null),
                    ApplicationProtocols = [new SslApplicationProtocol(Protocol.Preamble.AlpnName)],
                };
                _certificate = current;
            }
            return _options;
        }
    }
}
