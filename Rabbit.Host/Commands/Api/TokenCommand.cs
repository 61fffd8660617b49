using System.CommandLine;
using Rabbit.ApiClient;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit token</c>; those that make a secret are in <see cref="TokenSecretCommand"/>.</summary>
internal static class TokenCommand
{
    /// <summary>The token that a command is about.</summary>
    public static readonly Argument<string> TokenId = new("TOKEN_ID") { Description = "As 'rabbit token list' shows it." };

    private static readonly Option<string?> State = TypedOption.Choice("--state", "Only such: active, expired or revoked.", "active", "expired", "revoked");
    private static readonly Option<string?> Name = new("--name") { Description = "Its new name." };
    private static readonly TokenSettingOptions Settings = new(isChange: true);

    public static Command Create() => ApiCommand.Group(
        "token", "Tokens, each with a tunnel port of its own.",
        TokenSecretCommand.CreateCreate(),
        ApiCommand.Of("list", "Lists tokens, newest first.", [TeamName.Filter, State, ApiCall.Limit], ListAsync),
        ApiCommand.Of("show", "Shows a token.", [TokenId], ShowAsync),
        ApiCommand.Of("change", "Changes a token; what is not named stays, and what the change forbids is ended.", [TokenId, Name, .. Settings.All], ChangeAsync),
        TokenSecretCommand.CreateRotate(),
        ApiCommand.Of("revoke", "Revokes a token for good: its tunnel ends; its port stays taken until it is deleted.", [TokenId, Confirmation.Yes], RevokeAsync),
        ApiCommand.Of("delete", "Deletes a token: its tunnel ends, and its port is free again after a day.", [TokenId, Confirmation.Yes], DeleteAsync),
        ApiCommand.Of("sessions", "Lists the sessions that a token's clients have had, newest first.", [TokenId, ApiCall.Limit], ListSessionsAsync));

    private static async Task<int> ListAsync(ApiCall call)
    {
        string? team = await TeamName.FindAsync(call, TeamName.Filter);
        return await call.ListAsync(
            "There are no such tokens; 'rabbit token create NAME --team TEAM' makes one.",
            async (cursor, limit) =>
            {
                var page = await call.Api.ListTokensAsync(teamId: team, state: call.Get(State), cursor: cursor, limit: limit, cancellationToken: call.Cancellation);
                return (page.Data, page.Next);
            },
            ("TOKEN ID", token => token.TokenId),
            ("PORT", token => Show.Number(token.Port)),
            ("NAME", token => token.Name),
            ("TEAM", token => token.TeamName),
            ("STATE", token => token.State),
            ("TUNNEL", token => token.Tunnel),
            ("LAST USED", token => Show.Time(token.LastUsedAt, "never")),
            ("EXPIRES", token => Show.Time(token.ExpiresAt, "never")));
    }

    private static async Task<int> ShowAsync(ApiCall call)
    {
        var token = (await call.Api.GetTokenAsync(call.Get(TokenId), call.Cancellation)).Data;
        return call.Show(
            token,
            ("token", token.Name), ("id", token.TokenId), ("team", $"{token.TeamName} ({token.TeamId})"), ("description", token.Description),
            ("port", Show.Number(token.Port)), ("kind", token.Kind), ("state", token.State), ("tunnel", token.Tunnel),
            ("created", Show.Time(token.CreatedAt)), ("last used", Show.Time(token.LastUsedAt, "never")), ("expires", Show.Time(token.ExpiresAt, "never")),
            ("revoked", Show.Time(token.RevokedAt)), ("old secret until", Show.Time(token.PreviousSecretUntil)),
            ("visitors from", Show.List(token.VisitorNetworks, "anywhere")), ("clients from", Show.List(token.ClientNetworks, "anywhere")),
            ("visitors at once", Show.Limit(token.MaxVisitors)), ("of one address", Show.Limit(token.MaxVisitorsPerAddress)),
            ("hold seconds", Show.Number(token.HoldSeconds)));
    }

    private static async Task<int> ChangeAsync(ApiCall call)
    {
        if (!Settings.IsAnyGiven(call) && call.Get(Name) is null)
            throw new CommandFailedException(ExitCode.Usage, "There is nothing to change; 'rabbit token change --help' lists what can be.");
        var changed = (await call.Api.ChangeTokenAsync(call.Get(TokenId), new ChangeTokenRequest
        {
            Name = call.Get(Name),
            Description = call.Get(Settings.Description),
            Kind = call.Get(Settings.Kind),
            ExpiresInDays = call.Get(Settings.ExpiresInDays),
            ExpiresAt = call.Get(Settings.ExpiresAt),
            VisitorNetworks = Settings.ReadVisitorNetworks(call),
            ClientNetworks = Settings.ReadClientNetworks(call),
            MaxVisitors = call.Get(Settings.MaxVisitors),
            MaxVisitorsPerAddress = call.Get(Settings.MaxVisitorsPerAddress),
            HoldSeconds = call.Get(Settings.HoldSeconds),
        }, call.Cancellation)).Data;
        return call.Tell(changed, $"Changed the token '{changed.Name}' ({changed.TokenId}).");
    }

    private static async Task<int> RevokeAsync(ApiCall call)
    {
        Confirmation.Ask(call, $"Revoke the token {call.Get(TokenId)} for good, and end its tunnel");
        var revoked = (await call.Api.RevokeTokenAsync(call.Get(TokenId), call.Cancellation)).Data;
        return call.Tell(revoked, $"Revoked the token '{revoked.Name}' ({revoked.TokenId}); its tunnel has ended and its port is closed.");
    }

    private static async Task<int> DeleteAsync(ApiCall call)
    {
        Confirmation.Ask(call, $"Delete the token {call.Get(TokenId)}, and end its tunnel");
        var done = await call.Api.DeleteTokenAsync(call.Get(TokenId), call.Cancellation);
        return call.Tell(done, $"Deleted the token {call.Get(TokenId)}; its tunnel has ended and its port is closed.");
    }

    private static Task<int> ListSessionsAsync(ApiCall call) => call.ListAsync(
        "No client has connected with this token yet.",
        async (cursor, limit) =>
        {
            var page = await call.Api.ListTokenSessionsAsync(call.Get(TokenId), cursor: cursor, limit: limit, cancellationToken: call.Cancellation);
            return (page.Data, page.Next);
        },
        ("SESSION ID", session => session.SessionId.ToString()),
        ("STATUS", session => session.Status),
        ("CLIENT", session => session.ClientName),
        ("ADDRESS", session => session.ClientAddress),
        ("STARTED", session => Show.Time(session.StartedAt)),
        ("ENDED", session => Show.Time(session.EndedAt)),
        ("REASON", session => session.EndReason));
}
