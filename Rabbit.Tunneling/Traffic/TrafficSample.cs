namespace Rabbit.Tunneling.Traffic;

/// <summary>What was carried in one second.</summary>
/// <param name="FromVisitors">Bytes that visitors have sent.</param>
/// <param name="ToVisitors">Bytes that visitors have got.</param>
public readonly record struct TrafficSample(long FromVisitors, long ToVisitors);
