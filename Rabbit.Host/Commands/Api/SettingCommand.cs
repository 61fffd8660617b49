using System.CommandLine;
using Rabbit.ApiClient;
using Rabbit.Host.Display;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit setting</c>: what operators change while the server runs.</summary>
internal static class SettingCommand
{
    private static readonly Option<string?> Ports = new("--port-range") { Description = "FIRST-LAST: the tunnel ports from which new tokens get theirs." };
    private static readonly Option<int?> LogDays = TypedOption.Number("--connection-log-days", "Keep the log of visitors so many days; 0: for ever.");
    private static readonly Option<int?> SessionDays = TypedOption.Number("--session-days", "Keep ended sessions so many days; 0: for ever.");
    private static readonly Option<int?> StatisticsDays = TypedOption.Number("--statistics-days", "Keep statistics so many days; 0: for ever.");

    public static Command Create() => ApiCommand.Group(
        "setting", "Settings of the server that can be changed while it runs.",
        ApiCommand.Of("list", "Lists the settings.", [], async call => Write(call, await call.Api.GetSettingsAsync(call.Cancellation))),
        ApiCommand.Of("set", "Changes settings, at once; what is not named stays.", [Ports, LogDays, SessionDays, StatisticsDays], SetAsync));

    private static async Task<int> SetAsync(ApiCall call)
    {
        PortRange? ports = null;
        if (call.Get(Ports) is { } text)
            ports = PortRange.TryParse(text, out PortRange range) ? range : throw new CommandFailedException(ExitCode.Usage, $"--port-range must look like 10000-20000, not '{text}'.");
        if (ports is null && (call.Get(LogDays) ?? call.Get(SessionDays) ?? call.Get(StatisticsDays)) is null)
            throw new CommandFailedException(ExitCode.Usage, "There is nothing to change; 'rabbit setting set --help' lists what can be.");
        return Write(call, await call.Api.ChangeSettingsAsync(new ChangeSettingsRequest
        {
            PortRangeStart = ports?.First,
            PortRangeEnd = ports?.Last,
            ConnectionLogDays = call.Get(LogDays),
            SessionDays = call.Get(SessionDays),
            StatisticsDays = call.Get(StatisticsDays),
        }, call.Cancellation));
    }

    private static int Write(ApiCall call, ServerSettingsSummaryAnswer answer) => call.Show(
        answer.Data,
        ("port range", $"{Show.Number(answer.Data.PortRangeStart)}-{Show.Number(answer.Data.PortRangeEnd)}"),
        ("connection log", Days(answer.Data.ConnectionLogDays)),
        ("sessions", Days(answer.Data.SessionDays)),
        ("statistics", Days(answer.Data.StatisticsDays)));

    private static string Days(int days) => days == 0 ? "for ever" : $"{Show.Number(days)} days";
}
