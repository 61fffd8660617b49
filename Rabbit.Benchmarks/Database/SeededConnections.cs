using System.Data.Common;
using System.Net;

namespace Rabbit.Benchmarks.Database;

/// <summary>
/// Writes log rows as a busy server has them: of 10,000 tokens the busiest has a tenth of all rows, and so has the most frequent
/// of 50,000 addresses (Zipf's law). The busiest token has no time-outs at all: a search for them finds nothing among all its rows.
/// </summary>
internal static class SeededConnections
{
    private const int Addresses = 50_000;

    public static async Task WriteAsync(DbConnection connection, SeededToken[] tokens, SeedOptions options, DateTimeOffset now, Action<int> progress)
    {
        var random = new Random(options.Seed);
        double[] tokenShares = Zipf(tokens.Length);
        double[] addressShares = Zipf(Addresses);
        string[] addresses = [.. Enumerable.Range(0, Addresses).Select(AddressOf)];
        await using BulkTable table = await BulkTable.OpenAsync(
            connection, "connection_logs", "id", "team_id", "token_id", "session_id", "port", "visitor_address", "visitor_port",
            "started_at", "duration_ms", "bytes_from_visitor", "bytes_to_visitor", "status", "reason", "node");
        DateTimeOffset first = now.AddDays(-options.Days);
        for (int i = 0; i < options.Rows; i++)
        {
            DateTimeOffset started = first + (now - first) * ((i + random.NextDouble()) / options.Rows);
            int rank = Pick(tokenShares, random);
            SeededToken token = tokens[rank];
            var (status, reason) = PickEnding(random, isBusiest: rank == 0);
            await table.AddAsync(
                Guid.CreateVersion7(started), token.TeamId, token.Id, null, token.Port, addresses[Pick(addressShares, random)],
                random.Next(1024, 65536), started, (long)random.Next(1, 600_000), random.NextInt64(1 << 20), random.NextInt64(1 << 28),
                status, reason, Environment.MachineName);
            if ((i + 1) % 1_000_000 == 0)
                progress(i + 1);
        }
        await table.CompleteAsync();
    }

    /// <summary>The address of this rank, the most frequent first: in 10.0.0.0/8.</summary>
    public static string AddressOf(int rank) => new IPAddress([10, (byte)(rank >> 16), (byte)(rank >> 8), (byte)rank]).ToString();

    private static (string Status, string Reason) PickEnding(Random random, bool isBusiest) => random.NextDouble() switch
    {
        < 0.93 => ("closed", ""),
        < 0.97 => ("refused", "client away"),
        < 0.99 => ("error", "reset by the visitor"),
        _ => isBusiest ? ("closed", "") : ("timeout", "no data channel in time"),
    };

    // Sums of the shares 1/1, 1/2, 1/3...
    private static double[] Zipf(int count)
    {
        double sum = 0;
        double[] sums = [.. Enumerable.Range(1, count).Select(rank => sum += 1.0 / rank)];
        return [.. sums.Select(part => part / sum)];
    }

    private static int Pick(double[] shares, Random random)
    {
        int found = Array.BinarySearch(shares, random.NextDouble());
        return Math.Min(found < 0 ? ~found : found, shares.Length - 1);
    }
}
