using System.Net.Sockets;
using Rabbit.Benchmarks.Sockets;
using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;

namespace Rabbit.Benchmarks.Relay;

/// <summary>
/// A running relay and whom it connects: visitor - (A relay B) - service, over two loopback connections of which the second
/// may be under TLS. All of it is in this process, so that times include the visitor's and the service's own work.
/// </summary>
internal sealed class RelayPath
{
    private readonly Task _relay;

    private RelayPath(RelayEnd visitor, RelayEnd service, Task relay)
    {
        Visitor = visitor;
        Service = service;
        _relay = relay;
    }

    public RelayEnd Visitor { get; }

    public RelayEnd Service { get; }

    public static async Task<RelayPath> StartAsync(RelayKind kind)
    {
        (Socket visitor, Socket a) = await LoopbackPair.ConnectAsync();
        (Socket near, Socket far) = await LoopbackPair.ConnectAsync();
        (RelayEnd b, RelayEnd service) = (new SocketEnd(near), new SocketEnd(far));
        if (kind == RelayKind.BufferLaneTls)
            (b, service) = await TlsPair.AuthenticateAsync(b, service);
        var first = new SocketEnd(a);
        Task relay = kind == RelayKind.BufferLane
            ? BufferLanes.RunAsync(first, b)
            : DuplexRelay.RunAsync(first, b, new RelayCounters());
        return new RelayPath(new SocketEnd(visitor), service, relay);
    }

    /// <summary>Resets both connections, since a benchmark that failed leaves bytes on the way that nobody will read.</summary>
    public async Task StopAsync()
    {
        Visitor.Abort();
        Service.Abort();
        await _relay;
    }
}
