using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Rabbit.Protocol;
using Rabbit.Protocol.Tls;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>
/// The control port's TLS settings: versions 1.2 and 1.3, the operating system's cipher policy, the current certificate, and clients'
/// certificates where they need one (docs/tls.md). A client whose certificate is not accepted gets through the handshake all the same,
/// and is told then: .NET sends no alert that says why.
/// </summary>
internal sealed class ServerTls(ITlsMaterial material)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const int HandshakeWithClientCertificate = 32 * 1024;

    private volatile SslServerAuthenticationOptions? _shared;
    private volatile SslServerAuthenticationOptions? _forVisitors;

    /// <summary>True when only clients with a certificate are let in.</summary>
    public bool NeedsClientCertificate => material.ClientAuthorities is not null;

    /// <summary>Bytes that a peer may send until its handshake is complete.</summary>
    public int MaxHandshakeBytes => NeedsClientCertificate ? HandshakeWithClientCertificate : ProtocolLimits.UnauthenticatedPayload;

    /// <summary>Options for the next handshake.</summary>
    /// <param name="tellFault">Called during the handshake with a sentence about the client's certificate when it is not accepted.</param>
    public SslServerAuthenticationOptions CreateOptions(Action<string> tellFault)
    {
        SslStreamCertificateContext certificate = material.Certificate;
        if (material.ClientAuthorities is { } authorities)
            return CreateForClients(certificate, authorities, tellFault);
        // The same each time, so that sessions can be resumed.
        if (_shared is not { } shared || shared.ServerCertificateContext != certificate)
            _shared = shared = Create(certificate);
        return shared;
    }

    /// <summary>Options for a visitor, who speaks another protocol than clients and is asked for no certificate.</summary>
    public SslServerAuthenticationOptions CreateOptionsForVisitors()
    {
        SslStreamCertificateContext certificate = material.Certificate;
        if (_forVisitors is not { } options || options.ServerCertificateContext != certificate)
        {
            options = Create(certificate);
            options.ApplicationProtocols = null;
            _forVisitors = options;
        }
        return options;
    }

    private static SslServerAuthenticationOptions Create(SslStreamCertificateContext certificate) => new()
    {
        ServerCertificateContext = certificate,
        ApplicationProtocols = [new SslApplicationProtocol(Preamble.AlpnName)],
        EnabledSslProtocols = TlsVersions.Allowed,
    };

    private static SslServerAuthenticationOptions CreateForClients(
        SslStreamCertificateContext certificate, X509Certificate2Collection authorities, Action<string> tellFault)
    {
        SslServerAuthenticationOptions options = Create(certificate);
        options.ClientCertificateRequired = true;
        // A resumed session shows no certificate again: one that has expired since, or whose authority was taken away, is met each time.
        options.AllowTlsResume = false;
        options.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        options.CertificateChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
#pragma warning disable CA5359 // ClientLogin refuses whoever a fault was told of.
        options.RemoteCertificateValidationCallback = (_, shown, _, errors) =>
        {
            if (shown is null)
                tellFault("This server takes only clients that show a certificate; give --certificate and --certificate-key.");
            else if (errors != SslPolicyErrors.None)
                tellFault("This server does not accept the client's certificate; --certificate must be valid now, for client authentication, and issued by the authority of the server's --client-ca.");
            return true;
        };
#pragma warning restore CA5359
        return options;
    }
}
