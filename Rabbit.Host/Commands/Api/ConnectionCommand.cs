using System.CommandLine;
using Rabbit.ApiClient;
using Rabbit.Host.Commands.Output;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit connection</c>: the log of visitors.</summary>
internal static class ConnectionCommand
{
    private static readonly Option<string?> Token = new("--token") { Description = "Only this token's: its id." };
    private static readonly Option<int?> Port = TypedOption.Number("--port", "Only this tunnel port's.", 1, 65535);
    private static readonly Option<string?> Address = new("--visitor-address") { Description = "Only this visitor's." };
    private static readonly Option<string?> Status = TypedOption.Choice(
        "--status", "Only such: active, closed, error, timeout or refused.", "active", "closed", "error", "timeout", "refused");
    private static readonly Option<DateTimeOffset?> From = TypedOption.Time("--from", "Only those that began then or later.");
    private static readonly Option<DateTimeOffset?> To = TypedOption.Time("--to", "Only those that began before.");

    private static IEnumerable<Option> Filter => [TeamName.Filter, Token, Port, Address, Status, From, To];

    public static Command Create() => ApiCommand.Group(
        "connection", "The log of visitors.",
        ApiCommand.Of("list", "Lists visitors' connections, newest first.", [.. Filter, ApiCall.Limit], ListAsync),
        ApiCommand.Of("export", "Writes visitors' connections as CSV to standard output.", Filter, ExportAsync));

    private static async Task<int> ListAsync(ApiCall call)
    {
        string? team = await TeamName.FindAsync(call, TeamName.Filter);
        return await call.ListAsync(
            "There are no such connections.",
            async (cursor, limit) =>
            {
                var page = await call.Api.ListConnectionsAsync(
                    teamId: team, tokenId: call.Get(Token), port: call.Get(Port), visitorAddress: call.Get(Address), status: call.Get(Status),
                    from: call.Get(From), to: call.Get(To), cursor: cursor, limit: limit, cancellationToken: call.Cancellation);
                return (page.Data, page.Next);
            },
            ("STARTED", connection => Show.Time(connection.StartedAt)),
            ("PORT", connection => Show.Number(connection.Port)),
            ("VISITOR", connection => connection.VisitorAddress),
            ("STATUS", connection => connection.Status),
            ("DURATION", connection => Show.Duration(connection.DurationMs)),
            ("FROM VISITOR", connection => Show.Bytes(connection.BytesFromVisitor)),
            ("TO VISITOR", connection => Show.Bytes(connection.BytesToVisitor)),
            ("REASON", connection => connection.Reason));
    }

    private static async Task<int> ExportAsync(ApiCall call)
    {
        if (call.Json)
            throw new CommandFailedException(ExitCode.Usage, "An export is CSV; 'rabbit connection list --json' writes JSON.");
        string? team = await TeamName.FindAsync(call, TeamName.Filter);
        using FileResponse rows = await call.Api.ExportConnectionsAsync(
            teamId: team, tokenId: call.Get(Token), port: call.Get(Port), visitorAddress: call.Get(Address), status: call.Get(Status),
            from: call.Get(From), to: call.Get(To), cancellationToken: call.Cancellation);
        if (Console.IsOutputRedirected)
        {
            await using Stream output = Console.OpenStandardOutput();
            await rows.Stream.CopyToAsync(output, call.Cancellation);
            return ExitCode.Ok;
        }
        using var lines = new StreamReader(rows.Stream);
        while (await lines.ReadLineAsync(call.Cancellation) is { } line)
            Console.WriteLine(TerminalText.Escape(line));
        return ExitCode.Ok;
    }
}
