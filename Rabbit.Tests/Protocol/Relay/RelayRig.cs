using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;
using Rabbit.Tests.Protocol.Transport;

namespace Rabbit.Tests.Protocol.Relay;

/// <summary>A relay over real sockets: visitor - (A relay B) - service, the latter pair under TLS if wanted.</summary>
internal sealed class RelayRig : IAsyncDisposable
{
    private readonly LoopbackPair _front;
    private readonly LoopbackPair _back;

    private RelayRig(LoopbackPair front, LoopbackPair back, RelayEnd b, RelayEnd service)
    {
        _front = front;
        _back = back;
        Visitor = new SocketEnd(front.Near);
        A = new SocketEnd(front.Far);
        B = b;
        Service = service;
    }

    public RelayEnd Visitor { get; }

    public RelayEnd A { get; }

    public RelayEnd B { get; }

    public RelayEnd Service { get; }

    public RelayCounters Counters { get; } = new();

    public static async Task<RelayRig> CreateAsync(bool tls, int bufferLength = 0)
    {
        LoopbackPair front = await LoopbackPair.CreateAsync(bufferLength);
        LoopbackPair back = await LoopbackPair.CreateAsync(bufferLength);
        (RelayEnd b, RelayEnd service) = (new SocketEnd(back.Near), new SocketEnd(back.Far));
        if (tls)
            (b, service) = await TlsPair.AuthenticateAsync(b, service);
        return new RelayRig(front, back, b, service);
    }

    public Task<RelayOutcome> RunAsync(CancellationToken abort = default) => DuplexRelay.RunAsync(A, B, Counters, abort);

    public Task<RelayOutcome> RunAsync(RelayOpening opening, CancellationToken abort = default) =>
        DuplexRelay.RunAsync(A, B, Counters, opening, abort);

    public async ValueTask DisposeAsync()
    {
        await Visitor.DisposeAsync();
        await Service.DisposeAsync();
        _front.Dispose();
        _back.Dispose();
    }
}
