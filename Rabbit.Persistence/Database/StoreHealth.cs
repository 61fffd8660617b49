using Rabbit.Persistence.ConnectionLogs;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Database;

/// <summary>What keeps the stores from working as they should.</summary>
public enum StoreProblem
{
    /// <summary>The database has not answered since the start, or its tables cannot be brought up to date.</summary>
    DatabaseNotReady,

    /// <summary>The database does not answer.</summary>
    DatabaseAway,

    /// <summary>The database answers, but the last write failed: a full disk, or a lock that another program holds.</summary>
    DatabaseNotWritable,

    /// <summary>The journal of the connection log cannot be written: a full disk.</summary>
    JournalNotWritable,
}

/// <summary>Looks at the stores. Whatever it finds passes without a restart: it is looked at anew each time.</summary>
public sealed class StoreHealth
{
    private readonly RabbitDatabase _database;
    private readonly ConnectionLogQueue _connectionLog;

    internal StoreHealth(RabbitDatabase database, ConnectionLogQueue connectionLog)
    {
        _database = database;
        _connectionLog = connectionLog;
    }

    /// <summary>The problems there are now; empty when all is well.</summary>
    public async Task<IReadOnlyList<StoreProblem>> CheckAsync(CancellationToken cancellationToken)
    {
        var problems = new List<StoreProblem>();
        if (_database.IsHeld)
            problems.Add(StoreProblem.DatabaseNotReady);
        else if (!await AnswersAsync(cancellationToken))
            problems.Add(StoreProblem.DatabaseAway);
        else if (_database.WriteFailure is not null)
            problems.Add(StoreProblem.DatabaseNotWritable);
        if (_connectionLog.Failure is not null)
            problems.Add(StoreProblem.JournalNotWritable);
        return problems;
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _database.RunAsync(async context =>
            {
                if (!await context.Database.CanConnectAsync(cancellationToken))
                    throw new StoreUnavailableException($"The database ({_database.Connection.Name}) does not answer.");
            });
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }
}
