using System.Net.Sockets;
using System.Text;
using Rabbit.Client.Commands;
using Rabbit.Client.Health;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Proxy;
using Rabbit.Tests.Support;
using Xunit;
using LocalTarget = Rabbit.Client.Connection.LocalTarget;

namespace Rabbit.Tests.Client.Health;

/// <summary>Each question to what it is meant for, real where the tests have it, and to what it is not.</summary>
public sealed class ServiceProbeTests
{
    private static readonly byte[] MySqlGreeting = [0x0f, 0, 0, 0, 10, .. "8.0.36\0"u8, 1, 2, 3, 4, 5, 6, 7];
    private static readonly byte[] MySqlBlocked = [0x1a, 0, 0, 0, 0xff, 0x69, 0x04, .. "Host 'a' is blocked\e[2J"u8];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Postgres_Real_IsUpAndItsLogHasNothingOfIt()
    {
        await using PrivateServer postgres = await PrivateServer.MakePostgresAsync();
        await postgres.StartAsync();
        int before = postgres.Lines.Count;
        for (int i = 0; i < 20; i++)
            Assert.Equal(new ServiceHealth(ServiceState.Up, ""), await ProbeAsync("postgres", postgres.Port));
        await AssertLogsOnlyTheNextAsync(postgres, before);
    }

    [Fact]
    public async Task Postgres_WithTls_IsUpAndItsLogHasNothingOfIt()
    {
        using var authority = new TestAuthority();
        IssuedCertificate certificate = authority.IssueForServer("localhost");
        await using PrivateServer postgres = await PrivateServer.MakePostgresAsync();
        await postgres.UseTlsAsync(certificate.CertificateFile, certificate.KeyFile);
        await postgres.StartAsync();
        int before = postgres.Lines.Count;
        for (int i = 0; i < 20; i++)
            Assert.Equal(new ServiceHealth(ServiceState.Up, ""), await ProbeAsync("postgres", postgres.Port));
        await AssertLogsOnlyTheNextAsync(postgres, before);
    }

    [Fact]
    public async Task Redis_Real_IsUpAlsoBehindAPassword()
    {
        await using PrivateServer open = PrivateServer.MakeRedis();
        await using PrivateServer closed = PrivateServer.MakeRedis("--requirepass", "secret");
        await open.StartAsync();
        await closed.StartAsync();
        Assert.Equal(ServiceState.Up, (await ProbeAsync("redis", open.Port)).State);
        Assert.Equal(ServiceState.Up, (await ProbeAsync("redis", closed.Port)).State);
        open.Freeze();
        ServiceHealth frozen = await ProbeAsync("redis", open.Port);
        Assert.Equal($"127.0.0.1:{open.Port} accepts connections, but has not answered for 5 s", frozen.Sentence);
    }

    [Fact]
    public async Task Http_Real_IsUpByItsStatus()
    {
        int port = ReservedPorts.Take(1);
        using var directory = new TempDirectory();
        await using RunningProcess python = RunningProcess.Start(
            "python", "python3", ["-u", "-m", "http.server", $"{port}", "--bind", "127.0.0.1"], directory: directory.Path);
        await python.WaitForLineAsync("Serving HTTP", TimeSpan.FromSeconds(30));
        Assert.Equal(ServiceState.Up, (await ProbeAsync("http", port)).State);
        Assert.Equal(ServiceState.Up, (await ProbeAsync("http:/not-there", port)).State);
        await python.WaitForLineAsync("\"HEAD / HTTP/1.1\" 200", TimeSpan.FromSeconds(10));
        Assert.DoesNotContain(python.Lines, line => line.Contains("Traceback", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http", "HTTP/1.1 503 Busy\r\n\r\n", "answers HTTP 503")]
    [InlineData("http", "HTTP/1.1 501 What\r\n\r\n", null)]
    [InlineData("http", "HTTP/1.1 499 \r\n\r\n", null)]
    [InlineData("http", "HTTP/1.1 ok\r\n\r\n", "does not answer as HTTP does")]
    [InlineData("http", "\u0015\u0003\u0001\0\u0002\u0002\u0046", null)]
    [InlineData("http", "SSH-2.0-x\r\n", "does not answer as HTTP does")]
    [InlineData("http", "", "ends the connection without an answer")]
    [InlineData("postgres", "N", null)]
    [InlineData("postgres", "E\0\0\0\u0010SFATAL", "answers with an error of PostgreSQL")]
    [InlineData("postgres", "H", "does not answer as PostgreSQL does")]
    [InlineData("postgres", "", "ends the connection without an answer")]
    [InlineData("redis", "+PONG\r\n", null)]
    [InlineData("redis", "-NOAUTH Authentication required.\r\n", null)]
    [InlineData("redis", "-NOPERM this user has no permissions\r\n", null)]
    [InlineData("redis", "-LOADING Redis is loading the dataset in memory\r\n", "answers LOADING Redis is loading the dataset in memory")]
    [InlineData("redis", "+OK\r\n", "does not answer as Redis does")]
    [InlineData("redis", "-no end", "does not answer as Redis does")]
    [InlineData("ssh", "SSH-2.0-OpenSSH_9.2\r\n", null)]
    [InlineData("ssh", "Welcome\r\nSSH-2.0-OpenSSH_9.2\r\n", null)]
    [InlineData("ssh", "Welcome\r\n", "does not answer as SSH does")]
    [InlineData("ssh", "", "ends the connection without an answer")]
    [InlineData("mysql", "", "ends the connection without an answer")]
    [InlineData("mysql", "HTTP/1.1 400", "does not answer as MySQL does")]
    [InlineData("tcp", "", null)]
    public async Task Answer_Scripted_IsUnderstood(string kind, string says, string? wrong)
    {
        await using LocalService service = LocalService.SpeaksFirst(Encoding.Latin1.GetBytes(says));
        await AssertAsync(kind, service.Port, wrong);
    }

    [Fact]
    public async Task MySql_Greeting_IsUpAndAnErrorIsTold()
    {
        await using LocalService greeting = LocalService.SpeaksFirst(MySqlGreeting);
        await using LocalService blocking = LocalService.SpeaksFirst(MySqlBlocked);
        await AssertAsync("mysql", greeting.Port, null);
        await AssertAsync("mysql", blocking.Port, "answers MySQL error 1129: Host 'a' is blocked\uFFFD[2J");
    }

    [Theory]
    [InlineData("http")]
    [InlineData("redis")]
    [InlineData("ssh")]
    public async Task Answer_WithoutAnEnd_IsGivenUp(string kind)
    {
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            byte[] noise = [.. "HTTP/"u8, .. Enumerable.Repeat((byte)'x', 64 * 1024)];
            while (true)
                await socket.SendAllAsync(noise, cancellationToken);
        });
        Assert.Equal(ServiceState.Down, (await ProbeAsync(kind, service.Port)).State);
    }

    [Fact]
    public async Task NothingListens_IsDownAsVisitorsWouldBeTold()
    {
        int port = LocalService.RefusingPort();
        Assert.Equal(new ServiceHealth(ServiceState.Down, $"127.0.0.1:{port} refuses the connection"), await ProbeAsync("tcp", port));
    }

    /// <summary>A service that is told its visitors' addresses would turn away a connection without the header.</summary>
    [Fact]
    public async Task ProxyProtocol_ServiceReadsTheHeader_IsGivenOneThatNamesNobody()
    {
        var first = new TaskCompletionSource<string>();
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            byte[] header = new byte[15];
            await socket.ReceiveAsync(header, cancellationToken);
            first.TrySetResult(Encoding.ASCII.GetString(header));
        });
        await ProbeAsync("tcp", service.Port, ProxyVersion.Text);
        Assert.Equal("PROXY UNKNOWN\r\n", await first.Task.WaitAsync(Cancellation));
    }

    private static async Task AssertAsync(string kind, int port, string? wrong) => Assert.Equal(
        wrong is null ? new ServiceHealth(ServiceState.Up, "") : new ServiceHealth(ServiceState.Down, $"127.0.0.1:{port} {wrong}"), await ProbeAsync(kind, port));

    private static Task<ServiceHealth> ProbeAsync(string kind, int port, ProxyVersion? proxy = null)
    {
        HealthOptions health = HealthOptions.Read(kind, null);
        var options = new ConnectOptions(
            TokenText.Create(), "localhost", 1, new LocalTarget.Tcp("127.0.0.1", port), Fingerprint: null, CaFile: null, Plaintext: true, "test", ProxyProtocol: proxy, Health: health);
        ServiceProbe? probe = ServiceProbe.Create(new Rabbit.Client.Connection.LocalService(options, TimeProvider.System), health, DeclaredService.Unknown, TimeProvider.System);
        return probe!.RunAsync(Cancellation);
    }

    // What it does log (a request to cancel nothing) comes after whatever it would have logged before.
    private static async Task AssertLogsOnlyTheNextAsync(PrivateServer postgres, int before)
    {
        using Socket socket = await SocketConversation.ConnectAsync(postgres.Port);
        await socket.SendAllAsync(new byte[] { 0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 0, 0, 0, 1 }, Cancellation);
        await postgres.WaitForLineAsync("in cancel request did not match any process");
        Assert.Single(postgres.Lines.Skip(before));
    }
}
