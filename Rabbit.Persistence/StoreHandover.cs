using Rabbit.Persistence.Cluster;
using Rabbit.Persistence.ConnectionLogs;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Sessions;

namespace Rabbit.Persistence;

/// <summary>
/// What a server does with its state when a successor takes over. It goes on reading the database, as it must hear of revocations; of what
/// it serves to the end it only writes its journal, which the successor reads.
/// </summary>
public sealed class StoreHandover
{
    private readonly RabbitDatabase _database;
    private readonly DataDirectoryLock _lock;
    private readonly SessionWriter _sessions;
    private readonly ConnectionLogWriter _log;
    private readonly SharedDirectory? _directory;

    internal StoreHandover(
        RabbitDatabase database, DataDirectoryLock directoryLock, SessionWriter sessions, ConnectionLogWriter log, SharedDirectory? directory)
    {
        _directory = directory;
        _database = database;
        _lock = directoryLock;
        _sessions = sessions;
        _log = log;
    }

    /// <summary>The descriptor of the data directory's lock, for the successor to share it.</summary>
    public int Lock => _lock.Descriptor;

    /// <summary>
    /// Writes no more, so that the successor can bring the database up: other writes than of sessions wait. Completes when none is under way.
    /// </summary>
    public async Task LetGoAsync(CancellationToken cancellationToken)
    {
        await _database.Writes.CloseAsync().WaitAsync(cancellationToken);
        await FlushAsync(cancellationToken);
    }

    /// <summary>Completes when every change of a session is in the database.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) => _sessions.FlushAsync().WaitAsync(cancellationToken);

    /// <summary>The successor has failed: writes again.</summary>
    public void TakeBack() => _database.Writes.Open();

    /// <summary>The successor has it all.</summary>
    public void Leave()
    {
        _log.Leave();
        _lock.Leave();
        _directory?.Leave();
    }

    /// <summary>This is the successor: shares the lock of the server before it; before the start.</summary>
    public void ShareLock(int descriptor)
    {
        _lock.Share(descriptor);
        _log.StandBy();
        _directory?.Succeed();
    }

    /// <summary>This is the successor: from now on it serves, and the server before it takes no more visitors.</summary>
    public void Begin() => _log.Begin();
}
