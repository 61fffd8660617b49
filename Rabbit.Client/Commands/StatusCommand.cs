using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Rabbit.Client.Status;
using Rabbit.Client.Status.Sharing;
using Rabbit.Client.Terminal;

namespace Rabbit.Client.Commands;

/// <summary><c>tunnel-client status</c>: how the running clients of this account are.</summary>
internal static class StatusCommand
{
    private const int WidthWithoutTerminal = 1000;

    private static readonly Option<bool> Json = new("--json") { Description = "Print an array of what each client says, for programs." };

    public static Command Create()
    {
        var command = new Command("status", "Shows the running clients of this account and their tunnels; status 0 when all are live, 1 otherwise.") { Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (reports, faults) = await StatusQuery.AskAllAsync(TimeProvider.System, cancellationToken);
        if (parsed.GetValue(Json))
            Console.WriteLine(JsonSerializer.Serialize(reports, StatusJson.Default.IReadOnlyListClientReport));
        else
            Show(reports);
        foreach (string fault in faults)
            ClientCommand.Say(fault);
        if (reports.Count == 0 && faults.Count == 0)
            return ClientCommand.Fail(ExitCode.Failure, "No client of this account runs; start one with 'tunnel-client connect' or 'tunnel-client run'.");
        return faults.Count == 0 && reports.All(report => report.IsAllLive()) ? ExitCode.Ok : ExitCode.Failure;
    }

    private static void Show(IEnumerable<ClientReport> reports)
    {
        bool isTerminal = !Console.IsOutputRedirected;
        TerminalStyle style = isTerminal ? TerminalStyle.Detect() : new TerminalStyle(HasColor: false, IsUnicode: false);
        int width = isTerminal ? TerminalWindow.Size.Width : WidthWithoutTerminal;
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        foreach (ClientReport report in reports)
        {
            string head = string.Create(
                CultureInfo.InvariantCulture, $"Process {report.ProcessId} (tunnel-client {report.Version}), for {Amounts.Time(now - report.StartedAt)}{(report.File is null ? "" : $", {report.File}")}");
            Console.WriteLine(CellText.Fit(head, width, style.Ellipsis));
            foreach (string line in TunnelTable.Render(report.Tunnels, now, style, width, int.MaxValue))
                Console.WriteLine(line);
        }
    }
}
