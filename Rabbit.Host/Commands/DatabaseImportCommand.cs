using System.CommandLine;
using System.Globalization;
using Rabbit.Host.Commands.Output;
using Rabbit.Persistence.Import;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit database import</c>: takes over teams, tokens and ports of rabbit.go (docs/rabbit-go.md).</summary>
internal static class DatabaseImportCommand
{
    private const string Variable = "RABBIT_IMPORT_FROM";

    public static Command Create()
    {
        var from = new Option<string?>("--from")
        {
            Description = $"rabbit.go's database, postgres://name:password@host/database (variable {Variable}, which other accounts cannot read).",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Tell what would be done, and change nothing." };
        Option<bool> json = JsonOutput.CreateOption();
        var command = new Command("import", "Takes teams, tokens with their ports, and expiries over from a database of rabbit.go; again is the same as once.") { from, dryRun, json };
        command.SetAction((parsed, cancellationToken) =>
        {
            string source = parsed.GetValue(from) ?? Environment.GetEnvironmentVariable(Variable) ?? "";
            return source.Length == 0
                ? Task.FromResult(RabbitCommand.Fail(ExitCode.Usage, $"rabbit.go's database must be named with --from or {Variable}; it is what its DATABASE_URL says."))
                : DatabaseCommand.RunAsync(parsed, async stores =>
                {
                    await stores.GetRequiredService<DatabaseSchema>().RequireCurrentAsync(cancellationToken);
                    ImportReport report;
                    try
                    {
                        report = await stores.GetRequiredService<RabbitGoImport>().RunAsync(source, parsed.GetValue(dryRun), cancellationToken);
                    }
                    catch (FormatException e)
                    {
                        return RabbitCommand.Fail(ExitCode.Usage, e.Message.Replace("--database", "--from", StringComparison.Ordinal));
                    }
                    if (parsed.GetValue(json))
                        JsonOutput.Write(report);
                    else
                        Write(report, parsed.GetValue(dryRun));
                    return ExitCode.Ok;
                });
        });
        return command;
    }

    private static void Write(ImportReport report, bool isDryRun)
    {
        if (report.Tokens.Count > 0)
        {
            new TextTable(["TEAM", "TOKEN", "TOKEN ID", "PORT", "EXPIRES", "OUTCOME", "WHY"]).Write(report.Tokens.Select(token => new[]
            {
                token.Team, token.Name, token.TokenId, token.Port?.ToString(CultureInfo.InvariantCulture), token.ExpiresAt?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "never",
                token.Outcome switch { ImportOutcome.Taken => "taken", ImportOutcome.Present => "was here", _ => "left" }, token.Reason,
            }));
        }
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{(isDryRun ? "Would take" : "Took")} {report.Teams.Count} teams and {report.Count(ImportOutcome.Taken)} tokens with their ports; {report.Count(ImportOutcome.Present)} tokens were here, and {report.Count(ImportOutcome.Left)} were left."));
        if (report.PortsOutside > 0)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{report.PortsOutside} of the ports lie outside of the server's range; they are good, and no other token gets one there."));
    }
}
