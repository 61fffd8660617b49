namespace Rabbit.Persistence.ConnectionLogs.Journal;

/// <summary>A place between two records of the journal.</summary>
/// <param name="Segment">Number of the file.</param>
/// <param name="Offset">Bytes from its beginning.</param>
internal readonly record struct JournalPosition(long Segment, long Offset);
