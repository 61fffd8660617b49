using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs.Journal;

/// <summary>Some entries in the order in which they were appended.</summary>
/// <param name="Entries">Empty where nothing more has been appended.</param>
/// <param name="Next">Where to read on.</param>
/// <param name="Unreadable">Bytes that were passed over: the torn end of a segment that a crash cut off, or damage.</param>
internal readonly record struct JournalBatch(IReadOnlyList<ConnectionLogEntry> Entries, JournalPosition Next, long Unreadable);
