using System.Net.Sockets;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Tls;

/// <summary>Servers that take only clients with a certificate of an authority.</summary>
[Trait("Property", "P05")]
public sealed class ClientCertificateTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _other = new();

    [Fact]
    public async Task Client_WithACertificate_IsServed_AndNobodyElse()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync([.. CertificateTests.With(_authority.IssueForServer("server")), ("RABBIT_CLIENT_CA", _authority.RootFile), ("RABBIT_PENALTY_EXEMPT", "127.0.0.1")]);
        TestToken token = await server.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        await using RunningProcess client = await CertificateTests.ConnectAsync(server, token, service.Port, Options(_authority.IssueForClient("client")));
        for (int i = 0; i < 20; i++)
        {
            using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
            await CertificateTests.AssertEchoesAsync(visitor);
        }

        TestToken second = await server.CreateTokenAsync();
        foreach (IssuedCertificate? wrong in new[] { null, _other.IssueForClient("stranger"), _authority.IssueForServer("not-for-clients"), _authority.IssueForClient("expired", TimeSpan.FromMinutes(-1)) })
        {
            await using RunningProcess refused = CertificateTests.Start(server, second, service.Port, wrong is null ? ["--ca", _authority.RootFile] : Options(wrong));
            string line = await refused.WaitForLineAsync("certificate", Soon);
            Assert.Contains("--certificate", line, StringComparison.Ordinal);
            Assert.DoesNotContain(refused.Lines, said => said.Contains("Tunnel is up", StringComparison.Ordinal));
        }

        // Not in plaintext either, not even from here.
        using NativePeer plain = await NativePeer.ConnectAsync(server.ControlPort);
        await plain.SendAsync(NativePeer.HelloOf(second.Text));
        Reject reject = (await plain.ReadAsync()).Read<Reject>();
        Assert.Equal(RejectCode.PlaintextForbidden, reject.Code);
        Assert.Contains("--certificate", reject.Sentence, StringComparison.Ordinal);
        Assert.StartsWith("ERROR:", await LegacyPeer.AskAsync(server.ControlPort, $"{second.Text}\n1\n"), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
    }

    private string[] Options(IssuedCertificate certificate) =>
        ["--ca", _authority.RootFile, "--certificate", certificate.CertificateFile, "--certificate-key", certificate.KeyFile];
}
