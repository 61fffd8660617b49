using System.CommandLine;
using System.Globalization;
using Rabbit.Host.Commands.Output;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit database stats</c>: what the database holds.</summary>
internal static class DatabaseStatsCommand
{
    public static Command Create()
    {
        Option<bool> json = JsonOutput.CreateOption();
        var command = new Command("stats", "Counts what the database holds; many connection log rows are estimated.") { json };
        command.SetAction((parsed, cancellationToken) => DatabaseCommand.RunAsync(parsed, async stores =>
        {
            await stores.GetRequiredService<DatabaseSchema>().RequireCurrentAsync(cancellationToken);
            DatabaseCounts counts = await stores.GetRequiredService<DatabaseCensus>().ReadAsync(cancellationToken);
            if (parsed.GetValue(json))
                JsonOutput.Write(counts);
            else
                Console.Write(Describe(counts));
            return ExitCode.Ok;
        }));
        return command;
    }

    private static string Describe(DatabaseCounts counts) => string.Create(CultureInfo.InvariantCulture,
        $"""
        teams            {counts.Teams}
        tokens           {counts.Tokens}
        tunnel ports     {counts.PortsAssigned} assigned, {counts.PortsResting} resting; range {counts.PortRange?.ToString() ?? "not valid"}
        sessions         {counts.SessionsConnected} connected, {counts.SessionsAway} away
        connection log   {(counts.LogRowsEstimated ? "about " : "")}{counts.LogRows:N0} rows
        size on disk     {counts.SizeBytes / 1048576.0:N1} MiB

        """);
}
