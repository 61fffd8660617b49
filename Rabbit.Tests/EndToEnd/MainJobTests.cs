using System.Globalization;
using System.Text.Json;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>What Rabbit is for, as its user sees it: real programs, real curl, from an empty directory.</summary>
public sealed class MainJobTests
{
    private const string Page = "the page\n";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P20")]
    [Trait("Property", "P24")]
    [Trait("Property", "P25")]
    [Trait("Property", "P26")]
    public async Task Tunnel_ServerKilledAndStartedAgain_ComesBackByItself(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        await using LocalService service = LocalService.Http(Page);
        RabbitProcess first = await installation.StartAsync();
        var (connectionString, port) = await first.ReadFirstStepsAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(connectionString, service.Port);
        Assert.EndsWith($"\r\n\r\n{Page}", await Curl.GetAsync(port), StringComparison.Ordinal);
        SessionRow before = Assert.Single(await installation.SessionsAsync(port));
        // Rows are written in batches of a fraction of a second; what is on its way when the server is killed is not stored.
        await Eventually.BecomesAsync(
            () => installation.VisitsAsync(port), rows => rows is [{ Status: ConnectionStatus.Closed }], Soon, "the visit is on record");

        // While the client is stopped it cannot come back, so that the state between is there to look at.
        await first.Process.Kill9Async();
        client.Process.Send(Signal.Stop);
        RabbitProcess second = await installation.StartAsync();
        await second.Process.WaitForLineAsync($"Restored tunnel listener on port {port} (sessions: 1)", Soon);
        await second.Process.WaitForLineAsync($"Listening for tunnel client reconnections on restored port {port}", Soon);
        Assert.Equal(Offline(port), await Curl.GetAsync(port));
        JsonElement waiting = await RestorationAsync(second, port);
        Assert.True(waiting.GetProperty("is_listening").GetBoolean());
        Assert.Equal(JsonValueKind.Null, waiting.GetProperty("reconnected_at").ValueKind);

        int mark = client.Process.Mark;
        client.Process.Send(Signal.Continue);
        await second.Process.WaitForLineAsync($"Tunnel client reconnected to restored port {port}", Soon);
        await client.WaitUntilBackAsync(mark);
        Assert.EndsWith($"\r\n\r\n{Page}", await Curl.GetAsync(port), StringComparison.Ordinal);
        Assert.NotEqual(JsonValueKind.Null, (await RestorationAsync(second, port)).GetProperty("reconnected_at").ValueKind);

        SessionRow after = Assert.Single(await Eventually.BecomesAsync(
            () => installation.SessionsAsync(port), rows => rows is [{ Status: SessionStatus.Active } row] && row.Epoch > before.Epoch, Soon,
            "one session row, active, of a later epoch"));
        Assert.Equal(before.Id, after.Id);
        Assert.NotEqual(before.ClientAddress, after.ClientAddress);

        List<ConnectionLogRow> visits = await Eventually.BecomesAsync(
            () => installation.VisitsAsync(port), rows => rows.Count == 3 && rows.All(row => row.Status != ConnectionStatus.Active), Soon,
            "three visits on record, none still active");
        Assert.Equal(
            [ConnectionStatus.Closed, ConnectionStatus.Refused, ConnectionStatus.Closed],
            visits.Select(row => row.Status));
        Assert.Equal(Offline(port).Length, visits[1].BytesToVisitor);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P23")]
    public async Task Tunnel_AfterItCameBack_GivesNoVisitorTheOfflineAnswer(Engine engine)
    {
        const int Visitors = 100;
        await using Installation installation = await Installation.CreateAsync(engine);
        await using LocalService service = LocalService.Echo();
        RabbitProcess first = await installation.StartAsync();
        var (connectionString, port) = await first.ReadFirstStepsAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(connectionString, service.Port);

        int mark = client.Process.Mark;
        await first.Process.Kill9Async();
        await installation.StartAsync();
        await client.WaitUntilBackAsync(mark);

        for (int visitor = 0; visitor < Visitors; visitor++)
        {
            using var socket = await SocketConversation.ConnectAsync(port);
            string words = $"GET /{visitor} HTTP/1.1\r\n\r\n";
            await socket.SendAllAsync(words);
            Assert.Equal(words, System.Text.Encoding.ASCII.GetString(await socket.ReadExactlyAsync(words.Length)));
        }
    }

    private static async Task<JsonElement> RestorationAsync(RabbitProcess server, int port) =>
        (await server.Api.GetAsync($"restoration/{port}")).GetProperty("data");

    // Byte by byte, as docs/protocol.md gives it.
    private static string Offline(int port)
    {
        string body = string.Create(CultureInfo.InvariantCulture, $"The client of tunnel port {port} is away.\n")
            + "To bring it back, run on its machine: tunnel-client connect --server HOST:PORT --token-file FILE --local-port PORT\n";
        return $"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\n"
            + $"Retry-After: 5\r\nConnection: close\r\nCache-Control: no-store\r\n\r\n{body}";
    }
}
