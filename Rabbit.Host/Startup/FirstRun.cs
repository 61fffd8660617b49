using Microsoft.Extensions.Options;
using Rabbit.Persistence;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Startup;

/// <summary>
/// On an empty database: makes the team <c>default</c>, its first token, and an admin key, which is kept in the data
/// directory. A key file that is there already is used, so that one data directory serves several databases in turn.
/// </summary>
internal sealed class FirstRun(TeamStore teams, TokenStore tokens, ApiKeyStore keys, IOptions<PersistenceOptions> options) : IHostedLifecycleService
{
    /// <summary>The first token, if this run made it; it is shown once.</summary>
    public CreatedToken? FirstToken { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        string file = DataDirectory.AdminKeyFile(options.Value.Data);
        if (!await keys.AnyAsync(cancellationToken))
        {
            if (!File.Exists(file) || !ApiKeyText.TryParse((await File.ReadAllTextAsync(file, cancellationToken)).Trim(), out ApiKeyText key))
            {
                key = ApiKeyText.Create();
                DataDirectory.WriteSecret(file, key.Reveal() + "\n");
            }
            await keys.AddAdminAsync(key, "admin", cancellationToken);
        }
    }

    /// <summary>Once everything listens: a start that fails must not use up the one time that the token is shown.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if ((await teams.ListAsync(cancellationToken)).Count > 0)
            return;
        ManagementResult<Team> team = await teams.CreateAsync("default", "Made on the first run.", cancellationToken);
        if (team.Value is null)
            return; // Another server on the same database was faster.
        ManagementResult<CreatedToken> token = await tokens.CreateAsync(
            team.Value.TeamId, "first", "Made on the first run.", expiresInDays: null, port: null, ServiceKind.Unknown, cancellationToken);
        FirstToken = token.Value ?? throw new StoreUnavailableException(token.Sentence);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
