using System.Globalization;
using Rabbit.Faults.Checks;
using Rabbit.Faults.History;
using Rabbit.Faults.Rows;
using Rabbit.Faults.Soak;

namespace Rabbit.Faults;

/// <summary>Runs rows one after the other, and says how each went.</summary>
internal static class FaultsCommand
{
    /// <summary>0 when everything held, 1 when something did not, 2 for a wrong command line.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        FaultsArguments parsed;
        try
        {
            parsed = FaultsArguments.Parse(arguments);
        }
        catch (FormatException e)
        {
            await Console.Error.WriteLineAsync($"faults/run.sh: {e.Message}");
            return 2;
        }
        if (parsed.IsList)
        {
            foreach (FaultRow row in FaultRow.All)
                Console.WriteLine($"{row.Name,-16} {row.Fault}");
            return 0;
        }
        IEnumerable<FaultRow> rows = parsed.Soak is { } duration ? [new SoakRow(duration)] : parsed.Rows;
        bool held = true;
        Console.WriteLine($"seed {parsed.Seed}");
        foreach (FaultRow row in rows)
            held &= await RunAndTellAsync(row, parsed);
        return held ? 0 : 1;
    }

    /// <summary>Runs one row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="seed">Of all that is random in it.</param>
    /// <param name="isShort">A few rounds.</param>
    /// <param name="history">Where the history goes.</param>
    public static async Task<RowRun> RunAsync(FaultRow row, int seed, bool isShort, RunHistory history)
    {
        var run = new RowRun(seed, isShort, history);
        history.Add("run", row.Name, string.Create(CultureInfo.InvariantCulture, $"seed {seed}{(isShort ? ", short" : "")}, {TimeProvider.System.GetUtcNow():O}"));
        var pressure = CpuPressure.Start();
        try
        {
            await row.RunAsync(run);
        }
        catch (Exception e)
        {
            // What a row did not get to is not known to hold.
            run.Expect(false, $"The row did not come to its end: {e}");
        }
        run.Note(pressure.ToString());
        return run;
    }

    private static async Task<bool> RunAndTellAsync(FaultRow row, FaultsArguments arguments)
    {
        string file = Path.Combine(arguments.Histories, $"{row.Name}-{arguments.Seed}.history");
        RowRun run;
        using (var history = new RunHistory(file))
            run = await RunAsync(row, arguments.Seed, arguments.IsShort, history);
        ILookup<VisitOutcome, Visit> visits = run.History.Visits.ToLookup(visit => visit.Outcome);
        string counts = string.Join(", ", visits.OrderBy(group => group.Key).Select(group => $"{group.Count()} {group.Key.ToString().ToLowerInvariant()}"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{row.Name,-16} {(run.Violations.Count == 0 ? "holds" : "BROKEN"),-7} {run.Rounds} rounds in {run.History.Now.TotalSeconds:0} s; visits: {run.History.Visits.Count} ({counts})"));
        foreach (var (what, measure) in run.Measures.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            Console.WriteLine($"{"",-16} {what}: {measure}");
        foreach (string note in run.Notes)
            Console.WriteLine($"{"",-16} {note}");
        foreach (string violation in run.Violations)
            Console.WriteLine($"{"",-16} BROKEN: {violation}");
        if (run.Violations.Count > 0 || arguments.KeepAll)
            Console.WriteLine($"{"",-16} history: {file}");
        else
            File.Delete(file);
        return run.Violations.Count == 0;
    }
}
