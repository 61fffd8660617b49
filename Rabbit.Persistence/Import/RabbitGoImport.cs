using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Import;

/// <summary>
/// Takes teams, tokens and ports over from a database of rabbit.go, in one transaction. Tokens are hashed on the way. What was taken
/// before, and perhaps changed or deleted here since, is left as it is, so that an import can be repeated.
/// </summary>
public sealed class RabbitGoImport
{
    private static readonly Actor Importer = new("rabbit database import", "");

    private readonly RabbitDatabase _database;
    private readonly ServerSettings _settings;
    private readonly TimeProvider _time;

    internal RabbitGoImport(RabbitDatabase database, ServerSettings settings, TimeProvider time)
    {
        _database = database;
        _settings = settings;
        _time = time;
    }

    /// <summary>Does it, or says what it would do.</summary>
    /// <param name="source">The database of rabbit.go, as <c>postgres://name:password@host/database</c>.</param>
    /// <param name="isDryRun">True to change nothing.</param>
    /// <param name="cancellationToken">Stops; nothing is taken then.</param>
    /// <exception cref="FormatException">The source is not understood.</exception>
    /// <exception cref="StoreUnavailableException">One of the databases cannot be used, or the source is none of rabbit.go.</exception>
    public async Task<ImportReport> RunAsync(string source, bool isDryRun, CancellationToken cancellationToken)
    {
        RabbitGoState found = await new RabbitGoDatabase(DatabaseConnection.Parse(source, "")).ReadAsync(cancellationToken);
        return await _database.WriteAsync(async context =>
        {
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            PortRange range = await _settings.ReadPortRangeAsync(context, cancellationToken) ?? throw new StoreUnavailableException(ServerSettings.NoRange);
            ImportReport report = (await ImportPlan.ReadAsync(context, found, _time.GetStoredNow(), cancellationToken)).Apply(context, Importer, range);
            if (isDryRun)
                return report;
            await context.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return report;
        }, cancellationToken);
    }
}
