namespace Rabbit.Tunneling.State;

/// <summary>Stores sessions, and finds those to restore after a start.</summary>
public interface ISessionStore
{
    /// <summary>
    /// Queues a change behind all earlier ones. The task completes when the change is durable; while the database is away
    /// it waits, retrying, and never fails for that. Callers that must go on bound their wait.
    /// </summary>
    Task SaveAsync(SessionChange change);

    /// <summary>
    /// Records, in one or a few statements, that the clients of these sessions are alive, and that the server has run for
    /// <paramref name="sinceLast"/> more since the previous call.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database cannot be written now.</exception>
    Task HeartbeatAsync(IReadOnlyCollection<Guid> liveSessions, TimeSpan sinceLast, CancellationToken cancellationToken);

    /// <summary>
    /// Ends every session whose client has not been seen for more than <paramref name="staleAfter"/> of accumulated server
    /// uptime, so that the time in which the server itself was down does not count. Returns the ended ones' ids.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database cannot be written now.</exception>
    Task<IReadOnlyList<Guid>> EndStaleSessionsAsync(TimeSpan staleAfter, CancellationToken cancellationToken);

    /// <summary>Those of these sessions that have ended; one statement, however many they are.</summary>
    /// <exception cref="StoreUnavailableException">The database cannot be asked now.</exception>
    Task<IReadOnlyList<EndedSession>> FindEndedAsync(IReadOnlyCollection<Guid> sessions, CancellationToken cancellationToken);

    /// <summary>
    /// For a server that takes over from one that still serves: returns what <see cref="TakeRestorableSessionsAsync"/> will, and changes
    /// nothing.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database cannot be asked now.</exception>
    Task<IReadOnlyList<RestorableSession>> FindRestorableSessionsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// For a start: marks every session that has not ended as inactive (no client is connected yet), ends those whose
    /// token was revoked, deleted or has expired, and returns the rest, in one query. In a cluster those of other nodes stay active.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database cannot be asked now.</exception>
    Task<IReadOnlyList<RestorableSession>> TakeRestorableSessionsAsync(CancellationToken cancellationToken);
}
