using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs.Reading;

/// <summary>A page of the log, newest first.</summary>
/// <param name="Connections">Up to as many as were asked for. There may be fewer, or none, and more to come.</param>
/// <param name="Next">Leads to the next page, or is null when this is the last.</param>
public sealed record ConnectionLogPage(IReadOnlyList<ConnectionLogEntry> Connections, string? Next);
