using System.CommandLine;
using Rabbit.ApiClient;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit session</c>: the tunnels of this server as they stand.</summary>
internal static class SessionCommand
{
    private static readonly Argument<Guid?> SessionId = TypedOption.SessionId();
    private static readonly Option<int?> Port = TypedOption.Number("--port", "Only this tunnel port's.", 1, 65535);
    private static readonly Option<string?> State = TypedOption.Choice("--state", "Only such: live, offline, port_busy or draining.", "live", "offline", "port_busy", "draining");
    private static readonly Option<string?> Health = TypedOption.Choice("--health", "Only such: ok, service_down, client_offline or unknown.", "ok", "service_down", "client_offline", "unknown");
    private static readonly Option<string?> Reason = new("--reason") { Description = "What its client is told." };

    public static Command Create() => ApiCommand.Group(
        "session", "Tunnels of this server, and the clients that serve them.",
        ApiCommand.Of("list", "Lists the tunnels and who serves them.", [TeamName.Filter, Port, State, Health, ApiCall.Limit], ListAsync),
        ApiCommand.Of("show", "Shows a session with its figures.", [SessionId], ShowAsync),
        ApiCommand.Of("close", "Ends a session and its visitors; its client is told the reason.", [SessionId, Reason], CloseAsync));

    private static async Task<int> ListAsync(ApiCall call)
    {
        string? team = await TeamName.FindAsync(call, TeamName.Filter);
        return await call.ListAsync(
            "There are no such tunnels now.",
            async (cursor, limit) =>
            {
                var page = await call.Api.ListSessionsAsync(
                    teamId: team, port: call.Get(Port), state: call.Get(State), health: call.Get(Health), cursor: cursor, limit: limit, cancellationToken: call.Cancellation);
                return (page.Data, page.Next);
            },
            ("PORT", session => Show.Number(session.Port)),
            ("STATE", session => session.State),
            ("HEALTH", session => session.Health),
            ("SESSION ID", session => session.SessionId?.ToString() ?? Show.Nothing),
            ("CLIENT", session => session.ClientName ?? Show.Nothing),
            ("ADDRESS", session => session.ClientAddress ?? Show.Nothing),
            ("SINCE", session => Show.Time(session.ConnectedAt)),
            ("VISITORS", session => Show.Number(session.Visitors)),
            ("BYTES", session => Show.Bytes(session.BytesFromVisitors + session.BytesToVisitors)));
    }

    private static async Task<int> ShowAsync(ApiCall call)
    {
        var session = (await call.Api.GetSessionAsync(call.Get(SessionId)!.Value, call.Cancellation)).Data;
        return call.Show(
            session,
            ("session", session.SessionId?.ToString()), ("port", Show.Number(session.Port)), ("state", session.State),
            ("health", session.HealthReason.Length > 0 ? $"{session.Health} ({session.HealthReason})" : session.Health), ("health since", Show.Time(session.HealthSince)),
            ("token", session.TokenId),
            ("team", session.TeamId), ("epoch", Show.Number(session.Epoch)), ("client", session.ClientName), ("software", session.ClientSoftware),
            ("address", session.ClientAddress), ("connected", Show.Time(session.ConnectedAt)), ("last seen", Show.Time(session.LastSeenAt)),
            ("round trip", session.RoundTripMs is { } ms ? string.Create(null, $"{ms:0.0} ms") : null),
            ("visitors", $"{Show.Number(session.Visitors)} now, {Show.Number(session.VisitorsTotal)} in all"),
            ("from visitors", Show.Bytes(session.BytesFromVisitors)), ("to visitors", Show.Bytes(session.BytesToVisitors)),
            ("ready channels", Show.Number(session.ReadyChannels)), ("restored", session.Restored ? "yes" : "no"));
    }

    private static async Task<int> CloseAsync(ApiCall call)
    {
        Guid id = call.Get(SessionId)!.Value;
        return call.Tell(
            await call.Api.CloseSessionAsync(id, new CloseSessionRequest { Reason = call.Get(Reason) }, call.Cancellation),
            $"Closed the session {id}; revoke its token if its client shall not come back.");
    }
}
