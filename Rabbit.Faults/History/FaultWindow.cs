namespace Rabbit.Faults.History;

/// <summary>A time in which visitors may notice a fault.</summary>
/// <param name="From">Since the history began.</param>
/// <param name="Until">From here on everybody is served again.</param>
/// <param name="Port">The only tunnel port concerned, or null for all.</param>
internal sealed record FaultWindow(TimeSpan From, TimeSpan Until, int? Port)
{
    public bool Touches(Visit visit) => (Port is null || Port == visit.TunnelPort) && visit.Began <= Until && visit.Ended >= From;
}
