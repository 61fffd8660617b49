using System.Text.Json;
using Microsoft.Playwright;
using Rabbit.Tests.EndToEnd;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Dashboard;

/// <summary>What the dashboard costs a browser: bytes at the first visit, and time when there are many tunnels and much happens.</summary>
public sealed class WeightTests(Browser browser, RunningServer running) : IClassFixture<RunningServer>
{
    private const int MostBytes = 500_000;
    private const int Tunnels = 1000;
    private const int UpdatesPerSecond = 100;
    private const int Seconds = 10;

    // The machine of the tests has two processors, which the server, a thousand clients and the browser share.
    private const double SlowFrame = 100;
    private const double LongestFrame = 1000;

    [Fact]
    public async Task FirstVisit_FromSignInToOverview_IsLight()
    {
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, running.Server);
        await window.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        IReadOnlyCollection<IRequest> requests = window.Requests;
        long bytes = 0;
        foreach (IRequest request in requests)
        {
            RequestSizesResult sizes = await request.SizesAsync();
            bytes += sizes.ResponseHeadersSize + sizes.ResponseBodySize;
        }
        TestContext.Current.SendDiagnosticMessage($"First visit: {requests.Count} requests, {bytes} bytes");
        Assert.InRange(bytes, 50_000, MostBytes);
        Assert.All(requests, request => Assert.StartsWith(running.Server.Api.Address.ToString(), request.Url, StringComparison.Ordinal));
    }

    [Fact]
    public async Task TunnelList_AThousandTunnelsAndAHundredUpdatesASecond_StaysResponsive()
    {
        await using Installation installation = Installation.CreateLarge(Tunnels + 10);
        RabbitProcess server = await installation.StartAsync(("RABBIT_API_RATE", "0"));
        var tokens = new TestToken[Tunnels];
        var clients = new NativePeer[Tunnels];
        for (int i = 0; i < Tunnels; i++)
        {
            tokens[i] = await server.CreateTokenAsync();
            clients[i] = await NativePeer.LoginAsync(server.ControlPort, tokens[i]);
        }
        try
        {
            await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, server);
            await window.GoAsync("Tunnels");
            await Microsoft.Playwright.Assertions.Expect(window.Page.GetByText($"{Tunnels} of {Tunnels}")).ToBeVisibleAsync();
            await window.Page.EvaluateAsync(
                """
                () => {
                  window.frames_ = [];
                  let last = performance.now();
                  const frame = now => { window.frames_.push(now - last); last = now; requestAnimationFrame(frame); };
                  requestAnimationFrame(frame);
                }
                """);

            // A client that goes and comes is two updates. Among those that are seen: the table shows the first ports.
            int updates = 0;
            using var pace = new PeriodicTimer(TimeSpan.FromSeconds(2.0 / UpdatesPerSecond));
            for (int i = 0; updates < UpdatesPerSecond * Seconds && await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken); i = (i + 1) % 40, updates += 2)
            {
                clients[i].Dispose();
                clients[i] = await NativePeer.LoginAsync(server.ControlPort, tokens[i]);
            }

            double[] frames = (await window.Page.EvaluateAsync<JsonElement>("() => window.frames_")).EnumerateArray().Select(frame => frame.GetDouble()).Order().ToArray();
            double p95 = frames[frames.Length * 95 / 100];
            TestContext.Current.SendDiagnosticMessage(
                $"{updates} updates in {frames.Sum() / 1000:0.0} s, {frames.Length} frames: median {frames[frames.Length / 2]:0.0} ms, 95 % {p95:0.0} ms, longest {frames[^1]:0.0} ms");
            Assert.True(p95 < SlowFrame && frames[^1] < LongestFrame, $"95 % of the frames took up to {p95:0} ms, the longest {frames[^1]:0} ms.");

            // And it answers: a search finds its tunnel.
            await window.Page.GetByLabel("Search").FillAsync($"{tokens[^1].Port}");
            await Microsoft.Playwright.Assertions.Expect(window.Page.GetByText($"1 of {Tunnels}")).ToBeVisibleAsync(new() { Timeout = 3000 });
        }
        finally
        {
            foreach (NativePeer client in clients)
                client.Dispose();
        }
    }
}
