using System.Data.Common;
using System.Globalization;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Rabbit.Benchmarks.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Benchmarks.Herd;

/// <summary>
/// Brings a herd of clients up, ends their server, starts it again, and waits until the last is back. Status 1 when that takes longer than
/// it may.
/// </summary>
internal static class HerdRun
{
    // The beginning is not measured: so many come at a time.
    private const int Gathering = 16;
    private static readonly TimeSpan GatheringLimit = TimeSpan.FromMinutes(5);

    public static async Task<int> RunAsync(HerdOptions options, CancellationToken cancellationToken)
    {
        string data = Directory.CreateTempSubdirectory("rabbit-herd-").FullName;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var server = new HerdServer(options, data);
        using var gathering = new SemaphoreSlim(Gathering);
        var census = new HerdCensus(options.Clients);
        Task[] running = [];
        try
        {
            SeededToken[] tokens = await SeedAsync(options, data, cancellationToken);
            await server.StartAsync();
            running = [.. tokens.Select((token, i) => new HerdClient(options, server, token.Text, AddressOf(options, i), i, census)
                .RunAsync(gathering, stop.Token))];
            await census.WhenAllUpAsync().WaitAsync(GatheringLimit, cancellationToken);
            Print($"{options.Clients} clients are connected from {(options.OneAddress ? "one address" : "as many addresses")}, {options.Channels} data channels each; server: {server.ReadPeakMegabytes():0} MB, {server.ReadThreads()} threads");

            census.Begin();
            await server.EndAsync(options.Crash);
            await Task.Delay(options.Down, cancellationToken);
            await server.StartAsync();
            bool isDone = await IsInTimeAsync(census, options.Limit, cancellationToken);
            Report(options, server, census);
            return isDone ? 0 : 1;
        }
        catch (TimeoutException)
        {
            await Console.Error.WriteLineAsync($"Only {census.Up} clients came up in the first place ({Show(census.Reasons)}). The server's log ends:\n{string.Join('\n', server.Log.TakeLast(20))}");
            return 1;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running);
            await server.DisposeAsync();
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<bool> IsInTimeAsync(HerdCensus census, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await census.WhenAllUpAsync().WaitAsync(limit, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            await Console.Error.WriteLineAsync($"Only {census.Up} were back in time.");
            return false;
        }
    }

    private static void Report(HerdOptions options, HerdServer server, HerdCensus census)
    {
        TimeProvider time = TimeProvider.System;
        long[] back = census.BackAt;
        TimeSpan[] logins = census.Logins;
        Print($"the server listened {time.GetElapsedTime(server.BegunAt, server.ListeningAt).TotalSeconds:0.00} s after its start ({(options.Crash ? "killed" : "stopped")}, away {options.Down.TotalSeconds:0} s)");
        if (back.Length > 0)
        {
            Print($"back after it listened: first {Since(back[0])}, half {Since(At(back, 0.5))}, 90 % {Since(At(back, 0.9))}, 99 % {Since(At(back, 0.99))}, last {Since(back[^1])}");
            Print($"a login took: median {At(logins, 0.5).TotalMilliseconds:0} ms, 99 % {At(logins, 0.99).TotalMilliseconds:0} ms, longest {logins[^1].TotalMilliseconds:0} ms");
        }
        Print($"logins {back.Length}, failed tries {census.Failures} ({Show(census.Reasons)})");
        Print($"server: CPU {server.ReadCpuSeconds():0.0} s, at most {server.ReadPeakMegabytes():0} MB, {server.ReadThreads()} threads, {server.Complaints} warnings");

        string Since(long at) => $"{(at > server.ListeningAt ? time.GetElapsedTime(server.ListeningAt, at).TotalSeconds : 0):0.00} s";
    }

    private static string Show(Dictionary<string, int> reasons) => string.Join(", ", reasons.Select(reason => $"{reason.Key} {reason.Value}"));

    private static T At<T>(T[] sorted, double part) => sorted[(int)((sorted.Length - 1) * part)];

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static IPAddress AddressOf(HerdOptions options, int client) => options.OneAddress
        ? IPAddress.Loopback
        : new IPAddress([127, 78, (byte)(client / 250), (byte)(1 + (client % 250))]);

    private static async Task<SeededToken[]> SeedAsync(HerdOptions options, string data, CancellationToken cancellationToken)
    {
        await using OpenedDatabase opened = await OpenedDatabase.OpenAsync(options.Database, data, cancellationToken);
        await using RabbitDbContext context = await opened.ConnectAsync(cancellationToken);
        DbConnection connection = context.Database.GetDbConnection();
        return await SeededTokens.WriteAsync(connection, new SeedOptions(0, options.Clients, 0, 0, Days: 1, options.Seed), TimeProvider.System.GetUtcNow());
    }
}
