using System.CommandLine;
using Rabbit.Host.Commands.Output;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit database health</c>: whether a server could work with the database.</summary>
internal static class DatabaseHealthCommand
{
    private sealed record Verdict(bool Healthy, string Message, DatabaseState? State);

    public static Command Create()
    {
        Option<bool> json = JsonOutput.CreateOption();
        var command = new Command("health", "Tells whether the database answers, is up to date and undamaged: status 0, or 1 if not.") { json };
        command.SetAction((parsed, cancellationToken) => DatabaseCommand.RunAsync(parsed, async stores =>
        {
            Verdict verdict = await ExamineAsync(stores.GetRequiredService<DatabaseSchema>(), cancellationToken);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(new
                {
                    verdict.Healthy,
                    verdict.Message,
                    verdict.State?.Database,
                    MigrationsApplied = verdict.State?.Applied,
                    MigrationsMissing = verdict.State?.Missing,
                });
            }
            else if (verdict.Healthy)
            {
                Console.WriteLine(verdict.Message);
            }
            else
            {
                throw new StoreUnavailableException(verdict.Message);
            }
            return verdict.Healthy ? ExitCode.Ok : ExitCode.Failure;
        }));
        return command;
    }

    private static async Task<Verdict> ExamineAsync(DatabaseSchema schema, CancellationToken cancellationToken)
    {
        try
        {
            if (await schema.FindDamageAsync(cancellationToken) is { } damage)
                return new Verdict(false, damage, null);
            DatabaseState state = await schema.ReadStateAsync(cancellationToken);
            return state.Problem is { } problem
                ? new Verdict(false, problem, state)
                : new Verdict(true, $"{state.Database} is healthy: it answers and is up to date{(schema.IsFile ? ", and SQLite finds no damage" : "")}.", state);
        }
        catch (StoreUnavailableException e)
        {
            return new Verdict(false, e.Message, null);
        }
    }
}
