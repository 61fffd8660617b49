using System.Net;
using System.Net.Sockets;
using System.Text;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>SIGTERM: what finishes within the limit is whole, and nothing that does not keeps the server.</summary>
[Trait("Property", "P34")]
public sealed class ShutdownTests
{
    private const int Streams = 100;
    private const int Pending = 10;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(8);

    // The promise; and what the machine needs to notice that a process has ended.
    private static readonly TimeSpan Longest = Limit + TimeSpan.FromSeconds(2) + TimeSpan.FromSeconds(0.5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Property", "P27")]
    [Trait("Property", "P33")]
    public async Task Terminated_WithStreamsThatFinishAndSomeThatDoNot_LetsTheFirstFinish_AndEndsInTime()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync(("RABBIT_DRAIN_LIMIT", Limit.ToString()));
        TestToken token = await server.CreateTokenAsync();
        TestToken stuck = await server.CreateTokenAsync();
        TestToken held = await server.CreateTokenAsync();
        await server.Api.SendAsync(HttpMethod.Patch, $"tokens/{held.Id}", new { hold_seconds = 60 });
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        await using TunnelClientProcess stopped = await TunnelClientProcess.ConnectAsync(server, stuck, service.Port);
        using (await NativePeer.LoginAsync(server.ControlPort, held))
        {
        }
        await server.Api.WaitForStateAsync(held.Port, "offline", Soon);

        Socket[] streams = await ConnectAsync(Streams, token.Port);
        await Task.WhenAll(streams.Select(EchoAsync));
        // A client that stands still opens no channels: of its visitors, all but those with a ready one wait.
        stopped.Process.Send(Signal.Stop);
        Socket[] waiting = await ConnectAsync(Pending, stuck.Port);
        Socket[] parked = await ConnectAsync(Pending, held.Port);
        foreach (Socket visitor in parked)
            await visitor.SendAllAsync("GET / HTTP/1.1\r\n\r\n");
        await Eventually.BecomesAsync(
            async () => (await server.Api.FindTunnelAsync(held.Port))!.Value.GetProperty("visitors").GetInt32(), count => count == Pending, Soon, "they are held");

        long began = TimeProvider.System.GetTimestamp();
        server.Process.Send(Signal.Term);
        await server.Process.WaitForLineAsync("Stopping on SIGTERM", Soon);
        // Held visitors are told at once that nobody will come.
        foreach (Socket visitor in parked)
            Assert.StartsWith("HTTP/1.1 503", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(Soon)), StringComparison.Ordinal);
        // Half of the streams say some more, and finish; the others stay, and do not read.
        foreach (Socket stream in streams[..(Streams / 2)])
        {
            await EchoAsync(stream);
            stream.Shutdown(SocketShutdown.Send);
            Assert.Empty(await stream.ReadToEndAsync(Soon));
        }
        foreach (Socket stream in streams[(Streams / 2)..])
            Fill(stream);

        Assert.Equal(0, await server.Process.WaitForExitAsync(Soon));
        TimeSpan took = TimeProvider.System.GetElapsedTime(began);
        TestContext.Current.TestOutputHelper?.WriteLine($"It ended {took.TotalSeconds:0.00} s after the signal; the limit is {Limit.TotalSeconds} s");
        Assert.InRange(took, Limit - TimeSpan.FromSeconds(0.5), Longest);
        foreach (Socket visitor in streams.Concat(waiting).Concat(parked))
            visitor.Dispose();

        // The sessions are there for the next start, and every visitor is on record.
        Assert.Equal(SessionStatus.Active, Assert.Single(await installation.SessionsAsync(token.Port)).Status);
        RabbitProcess next = await installation.StartAsync();
        await next.Process.WaitForLineAsync($"Restored tunnel listener on port {token.Port} (sessions: 1)", Soon);
        List<ConnectionLogRow> rows = await Eventually.BecomesAsync(
            () => installation.VisitsAsync(token.Port), rows => rows.Count == Streams && rows.TrueForAll(row => row.Status != ConnectionStatus.Active), Soon, "all are on record");
        Assert.Equal(Streams / 2, rows.Count(row => row is { Status: ConnectionStatus.Closed, BytesFromVisitor: 8, BytesToVisitor: 8 }));
        Assert.Equal(Streams / 2, rows.Count(row => row.Reason == "aborted by the server"));
        Assert.Equal(Pending, (await installation.VisitsAsync(held.Port)).Count(row => row.Status == ConnectionStatus.Refused));
    }

    [Fact]
    [Trait("Property", "P36")]
    public async Task Terminated_WithEverythingAroundItHanging_EndsInTime()
    {
        await using PrivateServer postgres = await PrivateServer.MakePostgresAsync();
        await using PrivateServer redis = PrivateServer.MakeRedis();
        await postgres.StartAsync();
        await redis.StartAsync();
        await using Installation installation = await Installation.CreateAsync(postgres.PostgresConnection, redis.RedisConnection);
        await using LocalService service = LocalService.Echo();
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen(100);
        RabbitProcess server = await installation.StartAsync(
            ("RABBIT_DRAIN_LIMIT", Limit.ToString()), ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{silent.LocalEndPoint}"), ("OTEL_TRACES_SAMPLER", "always_on"));
        TestToken token = await server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        using Socket stream = await SocketConversation.ConnectAsync(token.Port);
        await EchoAsync(stream);
        Fill(stream);

        string key = (await server.ReadAdminKeyAsync()).Trim();
        int api = server.Api.Address.Port;
        // A request without an end, a stream of events without an end, and half a TLS handshake on the control port.
        using Socket request = await SayAsync(api, "POST /api/v1/teams HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{");
        using Socket events = await SayAsync(api, $"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n");
        await events.ReadExactlyAsync("HTTP/1.1 200".Length);
        using Socket handshake = await SayAsync(server.ControlPort, "\u0016\u0003\u0001\u0002");
        postgres.Freeze();
        redis.Freeze();
        client.Process.Send(Signal.Stop);

        long began = TimeProvider.System.GetTimestamp();
        server.Process.Send(Signal.Term);
        await server.Process.WaitForExitAsync(Soon);
        TimeSpan took = TimeProvider.System.GetElapsedTime(began);
        TestContext.Current.TestOutputHelper?.WriteLine($"It ended {took.TotalSeconds:0.00} s after the signal; the limit is {Limit.TotalSeconds} s");
        Assert.InRange(took, TimeSpan.Zero, Longest);
    }

    [Fact]
    public async Task TerminatedTwice_EndsAtOnce()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        using Socket stream = await SocketConversation.ConnectAsync(token.Port);
        await EchoAsync(stream);

        server.Process.Send(Signal.Term);
        await server.Process.WaitForLineAsync("Stopping on SIGTERM", Soon);
        await EchoAsync(stream);
        long began = TimeProvider.System.GetTimestamp();
        server.Process.Send(Signal.Term);
        Assert.Equal(128 + (int)Signal.Term, await server.Process.WaitForExitAsync(Soon));
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    private static Task<Socket[]> ConnectAsync(int count, int port) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => SocketConversation.ConnectAsync(port)));

    private static async Task EchoAsync(Socket stream)
    {
        await stream.SendAllAsync("ping");
        Assert.Equal("ping"u8.ToArray(), await stream.ReadExactlyAsync(4, Soon));
    }

    private static async Task<Socket> SayAsync(int port, string words)
    {
        Socket socket = await SocketConversation.ConnectAsync(port);
        await socket.SendAllAsync(Encoding.Latin1.GetBytes(words), Cancellation);
        return socket;
    }

    // As much as the kernel takes; nothing of what comes back is read.
    private static void Fill(Socket stream)
    {
        stream.Blocking = false;
        byte[] bytes = new byte[64 * 1024];
        int sent;
        do
            sent = stream.Send(bytes, 0, bytes.Length, SocketFlags.None, out SocketError error) is var count && error == SocketError.Success ? count : 0;
        while (sent > 0);
    }
}
