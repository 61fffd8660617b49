using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Rabbit.Tests.Fuzzing;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>
/// Random, oversized, truncated, slow and broken-off handshakes and wrong logins, while visitors come and go through a good client. The
/// long form, whose figures are in docs/security.md: RABBIT_TEST_HANDSHAKES=1000000 ./test.sh -class "*StrangerFloodTests"
/// </summary>
public sealed class StrangerFloodTests
{
    private const int WarmUp = 3000;
    private const int VisitorsAtOnce = 4;
    private const int ReadyChannels = 8;

    // Libraries that are needed for the first time, and pipes that are kept for the next who needs one.
    private const int LoadedLate = 16;
    private const int MostGrowth = 50 * 1024 * 1024;
    private const int AsFastAsTheyCan = 1_000_000;

    // Beside other tests visitors wait for processors, which are busy anyway: only a server that is stuck is found there. The long form is
    // run alone, with strangers at a rate that leaves this machine some time, and holds the visitors to twice theirs.
    private static readonly TimeSpan Stuck = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private static int Handshakes { get; } = int.Parse(
        Environment.GetEnvironmentVariable("RABBIT_TEST_HANDSHAKES") ?? "20000", CultureInfo.InvariantCulture);

    private static bool IsLong { get; } = Handshakes > 100_000;

    /// <summary>New strangers a second.</summary>
    private static int Rate { get; } = int.Parse(
        Environment.GetEnvironmentVariable("RABBIT_TEST_HANDSHAKE_RATE") ?? (IsLong ? 2000 : AsFastAsTheyCan).ToString(CultureInfo.InvariantCulture),
        CultureInfo.InvariantCulture);

    private static TimeSpan Quiet { get; } = TimeSpan.FromSeconds(IsLong ? 60 : 5);

    [Fact]
    [Trait("Property", "P01")]
    [Trait("Property", "P07")]
    [Trait("Property", "P12")]
    public async Task Strangers_AsManyAsThereAre_CostNeitherMemoryNorDescriptorsNorTheVisitorsTime()
    {
        int seed = Seed.Choose();
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync(("RABBIT_HEARTBEAT_INTERVAL", "00:00:01"));
        TestToken token = await server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        await Eventually.BecomesAsync(
            async () => (await server.Api.FindTunnelAsync(token.Port))!.Value.GetProperty("ready_channels").GetInt32(), ready => ready == ReadyChannels, Soon,
            "the client's channels are ready");
        int sockets = server.Process.Sockets;
        // What is loaded once: descriptors of libraries, code, the heap's first size.
        await FloodAsync(server, WarmUp, seed);
        await VisitDuringAsync(token.Port, TimeSpan.FromSeconds(2));
        await WhenBackAsync("sockets", () => server.Process.Sockets, sockets);
        int descriptors = server.Process.Descriptors;

        Percentiles without = await VisitDuringAsync(token.Port, Quiet);
        long before = server.Process.ResidentBytes;
        Task<string> flood = FloodAsync(server, Handshakes, seed + 1);
        long most = before;
        Percentiles during = await VisitWhileAsync(token.Port, flood, () => most = Math.Max(most, server.Process.ResidentBytes));
        string said = await flood;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {said} (seed {seed})
            visitors without: {without}
            visitors during:  {during}
            resident: {before / 1048576.0:0.0} MiB before, at most {most / 1048576.0:0.0} MiB during, {server.Process.ResidentBytes / 1048576.0:0.0} MiB after
            """));
        int socketsAfter = await WhenBackAsync("sockets", () => server.Process.Sockets, sockets);
        int descriptorsAfter = await WhenBackAsync("descriptors", () => server.Process.Descriptors, descriptors + LoadedLate);
        TestContext.Current.TestOutputHelper?.WriteLine($"sockets: {sockets} before, {socketsAfter} after; descriptors: {descriptors} before, {descriptorsAfter} after");
        string? failure = server.Process.Lines.FirstOrDefault(line => line.Contains("fail:", StringComparison.Ordinal));
        Assert.True(failure is null, failure);
        Assert.True(most - before <= MostGrowth, $"The server grew by {(most - before) / 1048576.0:0.0} MiB.");
        Assert.True(during.P99 <= (2 * without.P99) + (IsLong ? TimeSpan.Zero : Stuck), $"The visitors' p99 went from {without} to {during}.");
        Assert.Equal("live", (await server.Api.FindTunnelAsync(token.Port))!.Value.GetProperty("state").GetString());
    }

    private static Task<int> WhenBackAsync(string what, Func<int> open, int before) =>
        Eventually.BecomesAsync(open, now => now <= before, Soon, $"no more than {before} {what} are open");

    // Behind everybody else: strangers bring processors of their own.
    private static async Task<string> FloodAsync(RabbitProcess server, int handshakes, int seed)
    {
        await using RunningProcess strangers = RunningProcess.Start(
            "strangers", "nice", ["-n", "19", Programs.Fuzz, "strangers", $"{server.ControlPort}", $"{handshakes}", $"{Rate}", $"{seed}", .. FuzzRuns.Corpus("frames"), .. FuzzRuns.Corpus("lines"), .. FuzzRuns.Corpus("detection")]);
        int status = await strangers.WaitForExitAsync(TimeSpan.FromSeconds(120 + (handshakes / Math.Min(Rate, 200))));
        Assert.True(status == 0, strangers.Transcript());
        return strangers.Lines[^1];
    }

    private static Task<Percentiles> VisitDuringAsync(int port, TimeSpan time) =>
        VisitWhileAsync(port, Task.Delay(time, TestContext.Current.CancellationToken), () => { });

    private static async Task<Percentiles> VisitWhileAsync(int port, Task running, Action look)
    {
        var times = new ConcurrentBag<TimeSpan>();
        await Task.WhenAll(Enumerable.Range(0, VisitorsAtOnce).Select(async visitor =>
        {
            while (!running.IsCompleted)
            {
                times.Add(await VisitAsync(port));
                if (visitor == 0)
                    look();
                await Task.Delay(Pause, TestContext.Current.CancellationToken);
            }
        }));
        return Percentiles.Of(times);
    }

    // From the connection to the last byte of the answer.
    private static async Task<TimeSpan> VisitAsync(int port)
    {
        long started = Stopwatch.GetTimestamp();
        using Socket visitor = await SocketConversation.ConnectAsync(port);
        await visitor.SendAllAsync("0123456789abcdef0123456789abcdef");
        await visitor.ReadExactlyAsync(32);
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        visitor.Shutdown(SocketShutdown.Send);
        await visitor.ReadToEndAsync();
        return took;
    }

    private sealed record Percentiles(int Count, TimeSpan P50, TimeSpan P99)
    {
        public static Percentiles Of(IEnumerable<TimeSpan> times)
        {
            TimeSpan[] sorted = [.. times.Order()];
            return new Percentiles(sorted.Length, sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100]);
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Count} visits, p50 {P50.TotalMilliseconds:0.00} ms, p99 {P99.TotalMilliseconds:0.00} ms");
    }
}
