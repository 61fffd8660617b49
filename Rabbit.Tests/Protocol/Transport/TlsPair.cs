using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Rabbit.Protocol.Transport;
using Xunit;

namespace Rabbit.Tests.Protocol.Transport;

/// <summary>Both ends of a TLS connection.</summary>
internal static class TlsPair
{
    private static readonly X509Certificate2 Certificate = CreateCertificate();

    public static async Task<(TlsEnd Server, TlsEnd Client)> AuthenticateAsync(RelayEnd server, RelayEnd client)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        Task<TlsEnd> serverSide = TlsEnd.AuthenticateAsServerAsync(
            server, new SslServerAuthenticationOptions { ServerCertificate = Certificate }, int.MaxValue, cancellationToken);
        Task<TlsEnd> clientSide = TlsEnd.AuthenticateAsClientAsync(
            client,
            new SslClientAuthenticationOptions
            {
                TargetHost = "rabbit.test",
                RemoteCertificateValidationCallback = (_, certificate, _, _) => Certificate.Equals(certificate),
            },
            cancellationToken);
        return (await serverSide, await clientSide);
    }

    public static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=rabbit.test", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
