using Rabbit.Persistence.ConnectionLogs.Journal;

namespace Rabbit.Persistence.ConnectionLogs;

/// <summary>The journal of another server on this data directory: one that ends while this one serves already, or one that has crashed.</summary>
internal sealed class LeftJournal(string directory)
{
    private JournalPosition? _position;

    /// <summary>Brings what is in it now into the database; true when that was all, and the directory is gone.</summary>
    public async Task<bool> DrainAsync(ConnectionLogWriter writer, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(directory))
            return true;
        // Looked at before reading: what the other writes afterwards is for the next time.
        using IDisposable? left = JournalDirectories.TryLock(directory);
        using var journal = new ConnectionJournal(directory, long.MaxValue);
        journal.OpenLeft();
        JournalPosition position = _position is { } last && last.Segment >= journal.Start.Segment ? last : journal.Start;
        while (true)
        {
            JournalBatch batch = await journal.ReadAsync(position, cancellationToken);
            await writer.WriteAsync(batch.Entries);
            if (batch.Next == position)
                break;
            if (batch.Unreadable > 0 && left is null)
                return false; // It is being written.
            _position = position = batch.Next;
            journal.Release(position);
        }
        if (left is null)
            return false;
        Directory.Delete(directory, recursive: true);
        return true;
    }
}
