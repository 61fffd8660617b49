using System.Text.Json;
using Rabbit.Faults.Checks;
using Rabbit.Faults.Load;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>
/// The server's clock jumps while it runs, as a machine's does whose time is set: an hour, a day, forward and back. libfaketime changes what
/// the server reads as the time of day and leaves its monotonic clock alone, as the kernel would.
/// </summary>
internal sealed class ClockShifted : FaultRow
{
    private static readonly TimeSpan Expires = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    public override string Name => "clock";

    public override string Fault => "the clock jumps by an hour and by a day, forward and back";

    public override async Task RunAsync(RowRun run)
    {
        using var directory = new TempDirectory();
        string offset = directory.File("offset");
        await File.WriteAllTextAsync(offset, "+0");
        await using var world = new World(await Installation.CreateAsync(Engine.Sqlite), run.History);
        await world.StartServerAsync(
            [], ("LD_PRELOAD", FindLibrary()), ("FAKETIME_TIMESTAMP_FILE", offset), ("FAKETIME_NO_CACHE", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("DONT_FAKE_MONOTONIC", "1"), ("RABBIT_HEARTBEAT_INTERVAL", run.Choose("00:00:05", "00:00:01")), ("RABBIT_DEAD_AFTER", run.Choose("00:00:15", "00:00:05")));
        await world.AddUsualTunnelsAsync();
        Footprint baseline = Footprint.Of(world.Server.Process);
        TestToken expiring = await CreateForOneDayAsync(world);
        await using var service = new ContentService(run.History);
        await using TunnelClientProcess untilTomorrow = await TunnelClientProcess.ConnectAsync(await world.Server.ConnectionStringAsync(expiring), service.Port);
        int mark = world.Server.Process.Mark;
        await using (var load = new VisitorLoad(world, run.Seed))
        {
            foreach (string shift in (string[])["+1h", "-1h", "-1d", "+0", "+1d", "+0"])
            {
                TimeSpan shifted = run.History.Add("nemesis", $"clock at {shift}");
                // Renamed over the other, so that it is never half written.
                await File.WriteAllTextAsync(offset + ".new", shift);
                File.Move(offset + ".new", offset, overwrite: true);
                run.Rounds++;
                if (shift == "+1d")
                {
                    await Afterwards.ExpectAsync(run, () => untilTomorrow.Process.WaitForExitAsync(Soon));
                    TimeSpan late = run.History.Now - shifted;
                    if (late > Expires)
                        run.Note(untilTomorrow.Process.Transcript());
                    run.Within("token expired after the jump", late, Expires);
                }
                await Task.Delay(run.Choose(TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(2)));
                run.Expect(shift == "+1d" || run.Rounds > 4 || !untilTomorrow.Process.HasExited, $"The token that is good for a day has expired at {shift}.");
                await CheckClockAsync(run, world, shift);
            }
            await load.StopAsync();
        }
        // The time of day is what it was, and the token is good again.
        await using (await TunnelClientProcess.ConnectAsync(await world.Server.ConnectionStringAsync(expiring), service.Port))
        {
        }
        run.Expect(
            !world.Server.Process.Lines.Skip(mark).Any(line => world.Tunnels.Any(tunnel => line.Contains($"left port {tunnel.Port}", StringComparison.Ordinal))),
            "A client was given up because of the clock.");
        run.Expect(!world.Tunnels.Any(tunnel => tunnel.Client.Process.Lines.Any(line => line.Contains("No tunnel", StringComparison.Ordinal))), "A client lost its tunnel because of the clock.");
        await Afterwards.CheckAsync(run, world, baseline);
    }

    // That the fault is one: the server reads the shifted time.
    private static async Task CheckClockAsync(RowRun run, World world, string shift)
    {
        TimeSpan expected = shift switch { "+1h" => TimeSpan.FromHours(1), "-1h" => TimeSpan.FromHours(-1), "-1d" => TimeSpan.FromDays(-1), "+1d" => TimeSpan.FromDays(1), _ => TimeSpan.Zero };
        using var http = new HttpClient();
        using HttpResponseMessage health = await http.GetAsync(new Uri(world.Server.Api.Address, "/api/v1/health"));
        using JsonDocument body = JsonDocument.Parse(await health.Content.ReadAsStringAsync());
        TimeSpan seen = body.RootElement.GetProperty("timestamp").GetDateTimeOffset() - TimeProvider.System.GetUtcNow();
        run.Expect((seen - expected).Duration() < TimeSpan.FromMinutes(1), $"The server's clock is off by {seen}, not {expected}: the fault was none.");
    }

    private static async Task<TestToken> CreateForOneDayAsync(World world)
    {
        TestToken any = world.Tunnels[0].Token;
        JsonElement made = (await world.Server.Api.SendAsync(
            HttpMethod.Post, "tokens/generate", new { team_id = any.TeamId, name = "for a day", description = "", expires_in_days = 1 })).GetProperty("data");
        return new TestToken(made.GetProperty("token_id").GetString()!, any.TeamId, made.GetProperty("token").GetString()!, made.GetProperty("assigned_port").GetInt32());
    }

    private static string FindLibrary() => Directory.EnumerateFiles("/usr/lib", "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true }).FirstOrDefault()
        ?? throw new InvalidOperationException("libfaketime is not to be found under /usr/lib; install the package faketime.");
}
