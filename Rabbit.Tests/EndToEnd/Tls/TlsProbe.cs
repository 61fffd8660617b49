using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Tls;

/// <summary>Handshakes that look at what a port shows.</summary>
internal static class TlsProbe
{
    /// <summary>SHA-256 of the certificate at a port, as a fingerprint is written.</summary>
    public static async Task<string> FingerprintAsync(int port)
    {
        using Socket socket = await SocketConversation.ConnectAsync(port);
        string? seen = null;
        await using var tls = new SslStream(new NetworkStream(socket));
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = (_, certificate, _, _) => (seen = certificate!.GetCertHashString(HashAlgorithmName.SHA256)) is not null,
            },
            TestContext.Current.CancellationToken);
        return seen!.ToLowerInvariant();
    }

    /// <summary>What OpenSSL's own client says of a handshake with these options.</summary>
    public static async Task<string> OpenSslAsync(int port, params string[] options)
    {
        await using RunningProcess openssl = RunningProcess.Start("openssl", "openssl", ["s_client", "-connect", $"127.0.0.1:{port}", .. options]);
        await openssl.WaitForExitAsync(TimeSpan.FromSeconds(20));
        return string.Join('\n', openssl.Lines);
    }
}
