using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Rabbit.Protocol.Transport;

namespace Rabbit.Benchmarks.Sockets;

/// <summary>Puts TLS on both ends of a connection, with the system's protocol version and ciphers, as the programs do.</summary>
internal static class TlsPair
{
    public static async Task<(RelayEnd Client, RelayEnd Server)> AuthenticateAsync(RelayEnd client, RelayEnd server)
    {
        using X509Certificate2 certificate = CreateCertificate();
        Task<TlsEnd> serverSide = TlsEnd.AuthenticateAsServerAsync(
            server, new SslServerAuthenticationOptions { ServerCertificate = certificate }, int.MaxValue, CancellationToken.None);
        Task<TlsEnd> clientSide = TlsEnd.AuthenticateAsClientAsync(
            client,
            new SslClientAuthenticationOptions
            {
                TargetHost = "rabbit.test",
                RemoteCertificateValidationCallback = (_, presented, _, _) => certificate.Equals(presented),
            },
            CancellationToken.None);
        return (await clientSide, await serverSide);
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=rabbit.test", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
