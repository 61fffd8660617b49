using System.CommandLine;
using Rabbit.ApiClient;
using Rabbit.Host.Commands.Output;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit key</c>: who may use the API.</summary>
internal static class KeyCommand
{
    private static readonly Argument<string> KeyId = new("KEY_ID") { Description = "As 'rabbit key list' shows it." };
    private static readonly Argument<string> Name = new("NAME") { Description = "Whose it is or what for; the audit log names it." };
    private static readonly Option<string> Role = new("--role") { Description = "admin: all; read_only: sees all; team: sees and manages one team.", Required = true };
    private static readonly Option<string?> Team = new("--team") { Description = "The team of a key with the role team: its id or name." };
    private static readonly Option<int?> ExpiresInDays = TypedOption.Number("--expires-in-days", "Expires so many days from now (never).", least: 1);

    public static Command Create()
    {
        Role.CompletionSources.Add("admin", "read_only", "team");
        return ApiCommand.Group(
            "key", "API keys.",
            ApiCommand.Of("list", "Lists the keys.", [ApiCall.Limit], ListAsync),
            ApiCommand.Of("create", "Makes a key and shows it, this once.", [Name, Role, Team, ExpiresInDays], CreateKeyAsync),
            ApiCommand.Of("revoke", "Revokes a key for good.", [KeyId, Confirmation.Yes], RevokeAsync));
    }

    private static Task<int> ListAsync(ApiCall call) => call.ListAsync(
        "There are no keys.",
        async (cursor, limit) =>
        {
            var page = await call.Api.ListKeysAsync(cursor: cursor, limit: limit, cancellationToken: call.Cancellation);
            return (page.Data, page.Next);
        },
        ("KEY ID", key => key.KeyId),
        ("NAME", key => key.Name),
        ("ROLE", key => key.Role),
        ("TEAM ID", key => key.TeamId ?? Show.Nothing),
        ("LAST USED", key => Show.Time(key.LastUsedAt, "never")),
        ("EXPIRES", key => Show.Time(key.ExpiresAt, "never")),
        ("REVOKED", key => Show.Time(key.RevokedAt)));

    private static async Task<int> CreateKeyAsync(ApiCall call)
    {
        var made = (await call.Api.CreateKeyAsync(new CreateKeyRequest
        {
            Name = call.Get(Name),
            Role = call.Get(Role),
            TeamId = await TeamName.FindAsync(call, Team),
            ExpiresInDays = call.Get(ExpiresInDays),
        }, call.Cancellation)).Data;
        if (!call.Json)
            await Console.Error.WriteLineAsync(TerminalText.Escape($"Made the key '{made.Name}' ({made.KeyId}) with the role {made.Role}; it is shown this once:"));
        return call.Tell(made, made.Key);
    }

    private static async Task<int> RevokeAsync(ApiCall call)
    {
        Confirmation.Ask(call, $"Revoke the API key {call.Get(KeyId)} for good");
        var revoked = (await call.Api.RevokeKeyAsync(call.Get(KeyId), call.Cancellation)).Data;
        return call.Tell(revoked, $"Revoked the API key '{revoked.Name}' ({revoked.KeyId}).");
    }
}
