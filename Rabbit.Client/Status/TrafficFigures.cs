namespace Rabbit.Client.Status;

/// <summary>Visitors and bytes of a tunnel.</summary>
/// <param name="VisitorsNow">Connected.</param>
/// <param name="VisitorsTotal">Ever.</param>
/// <param name="Up">Bytes from the local service to visitors.</param>
/// <param name="Down">Bytes from visitors to the local service.</param>
/// <param name="UpPerSecond">The same, lately.</param>
/// <param name="DownPerSecond">The same, lately.</param>
internal readonly record struct TrafficFigures(int VisitorsNow, long VisitorsTotal, long Up, long Down, long UpPerSecond, long DownPerSecond);
