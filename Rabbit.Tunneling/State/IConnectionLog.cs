namespace Rabbit.Tunneling.State;

/// <summary>Takes log entries from the data path; returns at once and never fails, whatever the database does.</summary>
public interface IConnectionLog
{
    /// <summary>Queues an entry to be inserted, or to replace the one with the same id.</summary>
    void Record(ConnectionLogEntry entry);
}
