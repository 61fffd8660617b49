namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>A visitor as it stands at one moment.</summary>
/// <param name="Number">Number within the server's life.</param>
/// <param name="Address">IP address and port.</param>
/// <param name="StartedAt">When it was accepted.</param>
/// <param name="BytesFromVisitor">Bytes that it has sent.</param>
/// <param name="BytesToVisitor">Bytes that it has got.</param>
/// <param name="IsServed">False while it waits for the client.</param>
public sealed record VisitorSnapshot(
    ulong Number, string Address, DateTimeOffset StartedAt, long BytesFromVisitor, long BytesToVisitor, bool IsServed);
