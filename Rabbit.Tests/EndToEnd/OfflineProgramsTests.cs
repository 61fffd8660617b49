using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>What people's own programs show them when the tunnel's client is away: each a reason that can be read, and at once.</summary>
[Trait("Property", "P26")]
[Trait("Property", "P27")]
public sealed class OfflineProgramsTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(1);

    private RabbitProcess Server => running.Server;

    [Fact]
    public async Task Curl_ShowsThe503AndTheReason()
    {
        int port = await OfflineAsync();
        VisitorProgram curl = await RunAsync("curl", "--silent", "--show-error", "--include", "--noproxy", "*", $"http://127.0.0.1:{port}/");
        Assert.Equal(0, curl.Status);
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable", curl.Shown, StringComparison.Ordinal);
        Assert.Contains(Reason(port), curl.Shown, StringComparison.Ordinal);
        Assert.Contains("tunnel-client connect", curl.Shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("disable")]
    [InlineData("allow")]
    [InlineData("prefer")]
    [InlineData("require")]
    public async Task Psql_ShowsTheReasonAndTheHint(string sslMode)
    {
        int port = await OfflineAsync();
        VisitorProgram psql = await RunAsync(
            Path.Combine(VisitorProgram.PostgresBin, "psql"), "--no-psqlrc", $"host=127.0.0.1 port={port} user=x dbname=x sslmode={sslMode}", "-c", "select 1");
        Assert.Equal(2, psql.Status);
        Assert.Contains($"FATAL:  {Reason(port)}", psql.Shown, StringComparison.Ordinal);
        Assert.Contains("HINT:  To bring it back", psql.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pgbench_ShowsTheReason()
    {
        int port = await OfflineAsync();
        VisitorProgram pgbench = await RunAsync(
            Path.Combine(VisitorProgram.PostgresBin, "pgbench"), "-h", "127.0.0.1", "-p", $"{port}", "-U", "x", "-n", "-C", "-t", "1", "x");
        Assert.Equal(1, pgbench.Status);
        Assert.Contains($"FATAL:  {Reason(port)}", pgbench.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MariaDb_OnATunnelDeclaredMySql_ShowsTheReason()
    {
        int port = await OfflineAsync("mysql");
        VisitorProgram mariadb = await RunAsync("mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", $"{port}", "-u", "x", "-e", "select 1");
        Assert.Equal(1, mariadb.Status);
        Assert.Contains(Reason(port), mariadb.Shown, StringComparison.Ordinal);
        Assert.Contains("1053", mariadb.Shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData()]
    [InlineData("-3")]
    [InlineData("--no-auth-warning", "-a", "password")]
    public async Task RedisCli_ShowsTheReason(params string[] options)
    {
        int port = await OfflineAsync();
        VisitorProgram redis = await RunAsync("redis-cli", [.. options, "-p", $"{port}", "get", "x"]);
        Assert.Contains($"ERR {Reason(port)}", redis.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ssh_ShowsTheReason()
    {
        int port = await OfflineAsync();
        VisitorProgram ssh = await RunAsync(
            "ssh", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-p", $"{port}", "x@127.0.0.1", "true");
        Assert.Equal(255, ssh.Status);
        Assert.Contains($"Received disconnect from 127.0.0.1 port {port}:7: {Reason(port)}", ssh.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TlsPrograms_ShowAnAlertThatBlamesTheServer()
    {
        int port = await OfflineAsync();
        VisitorProgram openssl = await RunAsync("openssl", "s_client", "-connect", $"127.0.0.1:{port}");
        Assert.Equal(1, openssl.Status);
        Assert.Contains("alert internal error", openssl.Shown, StringComparison.Ordinal);
        VisitorProgram curl = await RunAsync("curl", "--silent", "--show-error", "--noproxy", "*", $"https://127.0.0.1:{port}/");
        Assert.Equal(35, curl.Status);
        Assert.Contains("internal error", curl.Shown, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task BareConnection_ThatSpeaksNonsense_ShowsTheReason()
    {
        int port = await OfflineAsync();
        VisitorProgram bash = await RunAsync("bash", "-c", $"exec 3<>/dev/tcp/127.0.0.1/{port}; printf '\\xff\\x01 nonsense\\n' >&3; cat <&3");
        Assert.Contains(Reason(port), bash.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BareConnection_ThatSaysNothing_ShowsTheReasonAfterFiveSeconds()
    {
        int port = await OfflineAsync();
        VisitorProgram bash = await VisitorProgram.RunAsync("bash", "-c", $"cat </dev/tcp/127.0.0.1/{port}");
        Assert.Contains(Reason(port), bash.Shown, StringComparison.Ordinal);
        Assert.InRange(bash.Took.TotalSeconds, 4.9, 15);
    }

    [Fact]
    public async Task PostgresRequests_AreAnsweredOnceEach()
    {
        int port = await OfflineAsync();
        using Socket visitor = await SocketConversation.ConnectAsync(port);
        byte[] gss = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x30];
        foreach (byte[] request in new[] { gss, gss })
            await visitor.SendAllAsync(request, TestContext.Current.CancellationToken);
        Assert.StartsWith("NE", Encoding.Latin1.GetString(await visitor.ReadToEndAsync()), StringComparison.Ordinal);
    }

    private static string Reason(int port) => $"The client of tunnel port {port} is away.";

    private static async Task<VisitorProgram> RunAsync(string program, params string[] arguments)
    {
        VisitorProgram run = await VisitorProgram.RunWithinAsync(AtOnce, program, arguments);
        Assert.InRange(run.Took, TimeSpan.Zero, AtOnce);
        return run;
    }

    // The port of a tunnel whose client has been there.
    private async Task<int> OfflineAsync(string kind = "other")
    {
        TestToken token = await Server.CreateTokenAsync();
        await Server.Api.SendAsync(HttpMethod.Patch, $"tokens/{token.Id}", new { kind });
        using (await NativePeer.LoginAsync(Server.ControlPort, token))
        {
        }
        await Server.Api.WaitForStateAsync(token.Port, "offline", Soon);
        return token.Port;
    }
}
