using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs;

/// <summary>The table of visitors, to which whole batches are written in the way that its database takes fastest.</summary>
internal interface IConnectionLogTable
{
    /// <summary>
    /// Inserts all entries or none, each in place of the row of the same id; but an entry of an open connection does not bring
    /// back a row that has been closed. No two entries have the same id.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database cannot be written now.</exception>
    Task ReplaceAsync(IReadOnlyCollection<ConnectionLogEntry> entries, CancellationToken cancellationToken);
}
