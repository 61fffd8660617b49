using System.CommandLine;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit audit</c>: who changed what.</summary>
internal static class AuditCommand
{
    private static readonly Option<string?> Actor = new("--actor") { Description = "Only what the key of this name did." };
    private static readonly Option<string?> Action = new("--action") { Description = "Only such, as token.create." };
    private static readonly Option<string?> Subject = new("--subject") { Description = "Only what was done to this id." };
    private static readonly Option<DateTimeOffset?> From = TypedOption.Time("--from", "Only what was done then or later.");
    private static readonly Option<DateTimeOffset?> To = TypedOption.Time("--to", "Only what was done before.");

    public static Command Create() => ApiCommand.Group(
        "audit", "What was changed, by whom, when and from where.",
        ApiCommand.Of("list", "Lists the changes, newest first.", [Actor, Action, Subject, From, To, ApiCall.Limit], ListAsync));

    private static Task<int> ListAsync(ApiCall call) => call.ListAsync(
        "There are no such changes.",
        async (cursor, limit) =>
        {
            var page = await call.Api.ListAuditAsync(
                actor: call.Get(Actor), action: call.Get(Action), subject: call.Get(Subject), from: call.Get(From), to: call.Get(To),
                cursor: cursor, limit: limit, cancellationToken: call.Cancellation);
            return (page.Data, page.Next);
        },
        ("AT", entry => Show.Time(entry.At)),
        ("ACTOR", entry => entry.Actor),
        ("ACTION", entry => entry.Action),
        ("SUBJECT", entry => entry.Subject),
        ("FROM", entry => entry.Address),
        ("DETAILS", entry => entry.Details));
}
