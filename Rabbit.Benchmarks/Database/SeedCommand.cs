using System.CommandLine;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Persistence.Retention;
using Rabbit.Persistence.Statistics;

namespace Rabbit.Benchmarks.Database;

/// <summary><c>seed</c>: fills an empty database.</summary>
internal static class SeedCommand
{
    public static Command Create(Option<string> database, Option<string> data)
    {
        var rows = new Option<int>("--rows") { Description = "Rows of the connection log." };
        var tokens = new Option<int>("--tokens") { Description = "Tokens, with ports from 10000 on.", DefaultValueFactory = _ => 10_000 };
        var sessions = new Option<int>("--sessions") { Description = "Restorable sessions, of the first tokens." };
        var ended = new Option<int>("--ended-sessions") { Description = "Sessions that are over." };
        var days = new Option<int>("--days") { Description = "The days over which the rows lie.", DefaultValueFactory = _ => 90 };
        var seed = new Option<int>("--seed") { Description = "Of the random numbers.", DefaultValueFactory = _ => 1 };
        var command = new Command("seed", "Fills an empty database with teams, tokens, sessions and log rows.") { rows, tokens, sessions, ended, days, seed };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new SeedOptions(
                parsed.GetValue(rows), parsed.GetValue(tokens), Math.Min(parsed.GetValue(sessions), parsed.GetValue(tokens)), parsed.GetValue(ended),
                parsed.GetValue(days), parsed.GetValue(seed)),
            parsed.GetValue(database)!, parsed.GetValue(data)!, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(SeedOptions options, string database, string data, CancellationToken cancellationToken)
    {
        TimeProvider time = TimeProvider.System;
        DateTimeOffset now = time.GetUtcNow();
        long started = time.GetTimestamp();
        await using OpenedDatabase opened = await OpenedDatabase.OpenAsync(database, data, cancellationToken);
        await using RabbitDbContext context = await opened.ConnectAsync(cancellationToken);
        if (await context.Tokens.AnyAsync(cancellationToken))
        {
            await Console.Error.WriteLineAsync("The database holds tokens already; seed an empty one.");
            return 1;
        }
        await ConnectionLogPartitions.EnsureAsync(context, now.AddDays(-options.Days), now.AddMonths(2), cancellationToken);
        bool isPostgres = context.Database.IsNpgsql();
        if (!isPostgres)
            await context.Database.ExecuteSqlRawAsync("PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000", cancellationToken);

        DbConnection connection = context.Database.GetDbConnection();
        SeededToken[] tokens = await SeededTokens.WriteAsync(connection, options, now);
        await SeededTokens.WriteSessionsAsync(connection, tokens, options, await ServerSettings.GetUptimeAsync(context, cancellationToken), now);
        Report($"{tokens.Length} tokens, {options.Sessions} restorable and {options.EndedSessions} ended sessions");
        await SeededConnections.WriteAsync(connection, tokens, options, now, rows => Report($"{rows:N0} rows"));
        await context.Database.ExecuteSqlRawAsync(
            isPostgres
                ? "INSERT INTO statistics_due (hour) SELECT DISTINCT date_trunc('hour', started_at, 'UTC') FROM connection_logs"
                : "INSERT INTO statistics_due (hour) SELECT DISTINCT started_at - started_at % 3600000 FROM connection_logs",
            cancellationToken);
        Report($"{await opened.Services.GetRequiredService<HourSums>().RunAsync(cancellationToken)} hours summed up");
        if (isPostgres)
            await context.Database.ExecuteSqlRawAsync("VACUUM (ANALYZE)", cancellationToken);
        Report("done");
        return 0;

        void Report(string what) => Console.WriteLine($"{time.GetElapsedTime(started).TotalSeconds,6:0} s  {what}");
    }
}
