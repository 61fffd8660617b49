using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Alerts of a real server at a real receiver, which checks every signature.</summary>
public sealed class AlertTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task TunnelAndService_GoneForLongerThanTheGrace_AreToldAndSoIsTheirEnd(Engine engine)
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using WebhookReceiver other = await WebhookReceiver.StartAsync(secret: receiver.Secret);
        await using Installation installation = await Installation.CreateAsync(engine);
        RabbitProcess server = await installation.StartAsync(Settings($"{receiver.Address}, {other.Address}", receiver.Secret));
        TestToken token = await server.CreateTokenAsync();
        LocalService service = LocalService.Echo();
        int port = service.Port;
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, port, "--health-interval", "0.3");
        await service.DisposeAsync();

        ReceivedAlert down = await receiver.TakenAsync("tunnel.service_down");
        JsonElement data = down.Json.GetProperty("data");
        Assert.Equal(1, down.Json.GetProperty("version").GetInt32());
        Assert.Equal(down.Id, down.Json.GetProperty("id").GetString());
        Assert.Equal((token.Port, token.Id, token.TeamId), (data.GetProperty("port").GetInt32(), down.TokenId, data.GetProperty("team_id").GetString()));
        Assert.Equal($"127.0.0.1:{port} refuses the connection", data.GetProperty("reason").GetString());
        Assert.Contains($"port {token.Port}", down.Sentence, StringComparison.Ordinal);
        Assert.Equal(down.Body, (await other.TakenAsync("tunnel.service_down")).Body);

        await using (RunningProcess python = RunningProcess.Start("python", "python3", ["-m", "http.server", $"{port}", "--bind", "127.0.0.1"]))
            Assert.Equal(data.GetProperty("since").GetString()![..22], (await receiver.TakenAsync("tunnel.service_up")).Json.GetProperty("data").GetProperty("since").GetString()![..22]);

        await client.Process.Kill9Async();
        ReceivedAlert offline = await receiver.TakenAsync("tunnel.offline");
        Assert.Contains("connection lost", offline.Sentence, StringComparison.Ordinal);
        await using TunnelClientProcess back = await TunnelClientProcess.ConnectAsync(server, token, port, "--health", "none");
        await receiver.TakenAsync("tunnel.live");
        Assert.Equal(receiver.Received.Count, receiver.Received.DistinctBy(alert => alert.Id).Count());
        await Eventually.BecomesAsync(
            () => MetricsPage.ScrapeAsync(installation, server),
            page => page["rabbit_alert_waiting"] == 0
                && page["rabbit_alert_deliveries_total{rabbit_alert_outcome=\"delivered\"}"] == receiver.Received.Count + other.Received.Count,
            Soon, "nothing waits, and what was delivered is counted");
    }

    [Fact]
    public async Task Client_BackWithinTheGrace_IsNoAlert()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync(Settings(receiver.Address, receiver.Secret, grace: "00:00:30"));
        TestToken token = await server.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        await client.DisposeAsync();
        await server.Api.WaitForStateAsync(token.Port, "offline", Soon);
        await using TunnelClientProcess back = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        // What is told later would have come later: this one is the first.
        await ExpireSoonAsync(server, token, hours: 20);
        await receiver.TakenAsync("token.expiring");
        Assert.Single(receiver.Received);
    }

    [Fact]
    public async Task Receiver_FailsFirst_IsSentTheSameAgainUntilItTakesIt()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = attempt => attempt switch { 1 => 500, 2 => 302, _ => 200 };
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync(Settings(receiver.Address, receiver.Secret));
        TestToken token = await server.CreateTokenAsync();
        await ExpireSoonAsync(server, token, hours: 6 * 24);
        ReceivedAlert taken = await receiver.TakenAsync("token.expiring", token.Id);
        Assert.Equal(3, receiver.Received.Count);
        Assert.All(receiver.Received, attempt => Assert.Equal((taken.Id, taken.Body), (attempt.Id, attempt.Body)));
        Assert.Equal(3, receiver.Received.DistinctBy(attempt => attempt.Signature).Count());
        Assert.Contains("expires in 6 days", taken.Sentence, StringComparison.Ordinal);

        // The nearer warning comes of itself; the one of seven days is not repeated.
        await ExpireSoonAsync(server, token, hours: 23);
        await Eventually.BecomesAsync(() => receiver.Received.Count, count => count == 4, Soon, "the second warning has come");
        Assert.Contains("expires in 23 hours", receiver.Received[^1].Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_KilledWithAlertsThatNobodyTook_DeliversThemAfterwards()
    {
        string secret = $"whsec_{Convert.ToBase64String(new byte[32])}";
        int port = ReservedPorts.Take(1);
        string address = $"http://127.0.0.1:{port}/alerts?of=rabbit";
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess first = await installation.StartAsync(Settings(address, secret));
        TestToken token = await first.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(first, token, service.Port);
        await client.DisposeAsync();
        await first.Process.WaitForLineAsync("has not reached http://127.0.0.1", Soon);
        Assert.DoesNotContain(first.Process.Lines, line => line.Contains("/alerts", StringComparison.Ordinal));
        await first.Process.Kill9Async();

        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(port, secret);
        RabbitProcess second = await installation.StartAsync(Settings(address, secret));
        await receiver.TakenAsync("tunnel.offline", token.Id);
        // That it was told is known as well: the client's return is, and the absence not once more.
        await using TunnelClientProcess back = await TunnelClientProcess.ConnectAsync(second, token, service.Port);
        await receiver.TakenAsync("tunnel.live", token.Id);
        Assert.Single(receiver.Received, alert => alert.Type == "tunnel.offline");
    }

    [Fact]
    public async Task Receiver_OfAnUnknownAuthority_IsSentNothing()
    {
        using var authority = new TestAuthority();
        IssuedCertificate issued = authority.IssueForServer("localhost");
        using X509Certificate2 pem = X509Certificate2.CreateFromPemFile(issued.CertificateFile, issued.KeyFile);
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(certificate: pem);
        string address = receiver.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        (string, string)[] settings = [("RABBIT_ALERT_URL", address), ("RABBIT_ALERT_SECRET", receiver.Secret)];
        await using RunningProcess refused = Test(settings);
        Assert.Equal(1, await refused.WaitForExitAsync(Soon));
        Assert.Empty(receiver.Received);
    }

    [Fact]
    public async Task TestCommand_SendsOneAndSaysWhetherItWasTaken()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = attempt => attempt == 1 ? 200 : 403;
        (string, string)[] settings = [("RABBIT_ALERT_URL", receiver.Address), ("RABBIT_ALERT_SECRET", receiver.Secret)];
        await using RunningProcess taken = Test(settings);
        Assert.Equal(0, await taken.WaitForExitAsync(Soon));
        Assert.Equal("alert.test", Assert.Single(receiver.Received).Type);
        await using RunningProcess refused = Test(settings);
        Assert.Equal(1, await refused.WaitForExitAsync(Soon));
        Assert.Contains("HTTP 403", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
    }

    private static RunningProcess Test((string, string)[] settings) =>
        RunningProcess.Start("rabbit alert test", Programs.Rabbit, ["alert", "test"], settings.ToDictionary(pair => pair.Item1, pair => pair.Item2));

    private static (string, string)[] Settings(string address, string secret, string grace = "00:00:01") =>
        [("RABBIT_ALERT_URL", address), ("RABBIT_ALERT_SECRET", secret), ("RABBIT_ALERT_GRACE", grace)];

    private static Task<JsonElement> ExpireSoonAsync(RabbitProcess server, TestToken token, int hours) => server.Api.SendAsync(
        HttpMethod.Patch, $"tokens/{token.Id}", new { expires_at = TimeProvider.System.GetUtcNow().AddHours(hours).AddMinutes(1) });
}
