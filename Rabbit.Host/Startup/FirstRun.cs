using Microsoft.Extensions.Options;
using Rabbit.Persistence;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Startup;

/// <summary>
/// On an empty database: makes the team <c>default</c>, its first token, and an admin key, which is kept in the data
/// directory. A key file that is there already is used, so that one data directory serves several databases in turn.
/// </summary>
internal sealed class FirstRun(TeamStore teams, TokenStore tokens, ApiKeyStore keys, IOptions<PersistenceOptions> options)
{
    /// <summary>Makes the admin key unless the database has a key.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task MakeAdminKeyAsync(CancellationToken cancellationToken)
    {
        if (await keys.AnyAsync(cancellationToken))
            return;
        string file = DataDirectory.AdminKeyFile(options.Value.Data);
        if (!File.Exists(file) || !ApiKeyText.TryParse((await File.ReadAllTextAsync(file, cancellationToken)).Trim(), out ApiKeyText key))
        {
            key = ApiKeyText.Create();
            DataDirectory.WriteSecret(file, key.Reveal() + "\n");
        }
        await keys.AddAdminAsync(key, "admin", cancellationToken);
    }

    /// <summary>
    /// Makes the first team and token unless the database has a team; null then. The token is shown once, so this comes when
    /// everything listens: a start that fails must not use it up.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task<CreatedToken?> MakeTokenAsync(CancellationToken cancellationToken)
    {
        if ((await teams.ListAsync(scope: null, cancellationToken)).Count > 0)
            return null;
        ManagementResult<Team> team = await teams.CreateAsync("default", "Made on the first run.", Actor.Server, cancellationToken);
        if (team.Value is null)
            return null; // Another server on the same database was faster.
        ManagementResult<CreatedToken> token = await tokens.CreateAsync(
            scope: null, new NewToken(team.Value.TeamId, "first", "Made on the first run."), Actor.Server, cancellationToken);
        return token.Value ?? throw new StoreUnavailableException(token.Sentence, passes: false);
    }
}
