using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Rabbit.Persistence.Management;

namespace Rabbit.Benchmarks.Database;

/// <summary><c>queries</c>: times what the API reads from a seeded database, through the classes that the API uses.</summary>
internal static class QueriesCommand
{
    private const int Rounds = 50;
    private const int WarmUp = 3;

    public static Command Create(Option<string> database, Option<string> data)
    {
        var explain = new Option<bool>("--explain") { Description = "Show the plan of each statement." };
        var only = new Option<string>("--only") { Description = "Only queries whose name holds this text.", DefaultValueFactory = _ => "" };
        var command = new Command("queries", "Times the queries of the API on a seeded database.") { explain, only };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(database)!, parsed.GetValue(data)!, parsed.GetValue(only)!, parsed.GetValue(explain), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string database, string data, string only, bool explain, CancellationToken cancellationToken)
    {
        using QueryPlans? plans = explain ? new QueryPlans() : null;
        await using OpenedDatabase opened = await OpenedDatabase.OpenAsync(database, data, cancellationToken);
        TeamStore teams = opened.Services.GetRequiredService<TeamStore>();
        if ((await teams.ListAsync(scope: null, cancellationToken)).All(team => team.Tokens.Count == 0))
        {
            await Console.Error.WriteLineAsync("The database holds no tokens; fill it by the command seed first.");
            return 1;
        }
        IReadOnlyList<ApiQuery> queries = await ApiQuery.ListAsync(opened.Services, cancellationToken);
        Console.WriteLine($"{"query",-64}{"p50 ms",8}{"p99 ms",8}  result");
        foreach (ApiQuery query in queries.Where(query => query.Name.Contains(only, StringComparison.Ordinal)))
            await MeasureAsync(query, opened, plans, cancellationToken);
        return 0;
    }

    private static async Task MeasureAsync(ApiQuery query, OpenedDatabase opened, QueryPlans? plans, CancellationToken cancellationToken)
    {
        string result = "";
        for (int i = 0; i < WarmUp; i++)
            result = await query.RunAsync(cancellationToken);
        double[] times = new double[Rounds];
        for (int i = 0; i < Rounds; i++)
        {
            long started = TimeProvider.System.GetTimestamp();
            await query.RunAsync(cancellationToken);
            times[i] = TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
        }
        Array.Sort(times);
        Console.WriteLine($"{query.Name,-64}{times[Rounds / 2],8:0.0}{times[(Rounds - 1) * 99 / 100],8:0.0}  {result}");
        if (plans is null)
            return;
        foreach (string plan in await plans.ReadAsync(query, opened, cancellationToken))
            Console.WriteLine(plan);
    }
}
