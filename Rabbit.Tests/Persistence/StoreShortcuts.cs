using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Tests.Persistence;

/// <summary>The stores as a caller uses them who may do everything and asks for nothing special.</summary>
internal static class StoreShortcuts
{
    public static Actor Tester { get; } = new("tester", "127.0.0.1");

    public static Task<ManagementResult<Team>> CreateAsync(
        this TeamStore teams, string? name, string? description, CancellationToken cancellationToken) =>
        teams.CreateAsync(name, description, Tester, cancellationToken);

    public static Task<Team?> FindAsync(this TeamStore teams, string teamId, CancellationToken cancellationToken) =>
        teams.FindAsync(scope: null, teamId, cancellationToken);

    public static Task<ManagementResult<CreatedToken>> CreateAsync(
        this TokenStore tokens, string? teamId, string? name, string? description, int? expiresInDays, int? port, ServiceKind kind,
        CancellationToken cancellationToken) =>
        tokens.CreateAsync(scope: null, new NewToken(teamId, name, description, expiresInDays, null, port, kind), Tester, cancellationToken);

    /// <summary>All tokens of a team, newest first.</summary>
    public static async Task<IReadOnlyList<Token>> ListAsync(this TokenStore tokens, string teamId, CancellationToken cancellationToken)
    {
        var all = new List<Token>();
        string? cursor = null;
        do
        {
            Page<Token> page = (await tokens.ListAsync(scope: null, new TokenFilter(teamId), cursor, 1000, cancellationToken)).Value!;
            all.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);
        return all;
    }

    public static Task<bool> DeleteAsync(this TokenStore tokens, string teamId, string tokenId, CancellationToken cancellationToken) =>
        tokens.DeleteAsync(scope: null, teamId, tokenId, Tester, cancellationToken);

    public static Task<ManagementResult<CreatedApiKey>> CreateAsync(
        this ApiKeyStore keys, string? name, string role, string? teamId, CancellationToken cancellationToken) =>
        keys.CreateAsync(name, role, teamId, expiresInDays: null, Tester, cancellationToken);

    public static Task<ManagementResult<SettingValues>> SetPortRangeAsync(
        this ServerSettings settings, PortRange range, CancellationToken cancellationToken) =>
        settings.UpdateAsync(new SettingChange(range.First, range.Last), Tester, cancellationToken);
}
