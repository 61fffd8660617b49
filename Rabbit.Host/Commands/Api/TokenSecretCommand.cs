using System.CommandLine;
using Rabbit.ApiClient;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit token create</c> and <c>rotate</c>, which show a secret once.</summary>
internal static class TokenSecretCommand
{
    private static readonly Argument<string> Name = new("NAME") { Description = "What to call it." };
    private static readonly Option<string> Team = new("--team") { Description = "The team that owns it: its id or name.", Required = true };
    private static readonly Option<int?> Port = TypedOption.Number("--port", "The tunnel port that it shall get (the next free one).", 1, 65535);
    private static readonly TokenSettingOptions Settings = new(isChange: false);
    private static readonly Option<int?> Overlap = TypedOption.Number("--overlap-seconds", "How long the old secret works on, up to 2592000 (86400, a day); 0 ends its client at once.", most: 2592000);
    private static readonly Option<string?> TokenFile = new("--token-file") { Description = "Write the token into this new file, which only this account can read, and do not show it." };

    public static Command CreateCreate() => ApiCommand.Of(
        "create", "Makes a token with a tunnel port of its own, and prints the command that connects a client.",
        [Name, Team, Port, .. Settings.All, TokenFile], CreateTokenAsync);

    public static Command CreateRotate() => ApiCommand.Of(
        "rotate", "Gives a token a new secret; the old one works on for a while, so that the client can be changed over.",
        [TokenCommand.TokenId, Overlap, TokenFile], RotateAsync);

    private static async Task<int> CreateTokenAsync(ApiCall call)
    {
        string team = await TeamName.FindAsync(call, call.Get(Team)!);
        using NewSecretFile? file = NewSecretFile.Open(call.Get(TokenFile));
        var made = (await call.Api.GenerateTokenAsync(new GenerateTokenRequest
        {
            TeamId = team,
            Name = call.Get(Name),
            Description = call.Get(Settings.Description),
            Port = call.Get(Port),
            Kind = call.Get(Settings.Kind),
            ExpiresInDays = call.Get(Settings.ExpiresInDays),
            ExpiresAt = call.Get(Settings.ExpiresAt),
            VisitorNetworks = Settings.ReadVisitorNetworks(call),
            ClientNetworks = Settings.ReadClientNetworks(call),
            MaxVisitors = call.Get(Settings.MaxVisitors),
            MaxVisitorsPerAddress = call.Get(Settings.MaxVisitorsPerAddress),
            HoldSeconds = call.Get(Settings.HoldSeconds),
        }, call.Cancellation)).Data;
        return new MadeToken(made.Token, made.ConnectionUri, call.Get(Settings.Kind)).Tell(
            call, made, file, [$"Made the token '{made.TokenName}' ({made.TokenId}) of the team '{made.TeamName}'; its tunnel port is {Show.Number(made.AssignedPort)}."]);
    }

    private static async Task<int> RotateAsync(ApiCall call)
    {
        string id = call.Get(TokenCommand.TokenId);
        using NewSecretFile? file = NewSecretFile.Open(call.Get(TokenFile));
        var made = (await call.Api.RotateTokenAsync(id, new RotateTokenRequest { OverlapSeconds = call.Get(Overlap) }, call.Cancellation)).Data;
        return new MadeToken(made.Token, made.ConnectionUri, Kind: null).Tell(
            call, made, file,
            [
                $"The token '{made.TokenName}' ({made.TokenId}) has a new secret.",
                made.PreviousSecretUntil is { } until ? $"The old one works until {Show.Time(until)}; by then connect the client with the new one." : "The old one works no more.",
            ]);
    }
}
