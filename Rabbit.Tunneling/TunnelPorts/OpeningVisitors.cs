using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>Counts the visitors that wait for a data channel, or for the client's answer on it, or for their load balancer's first words.</summary>
internal sealed class OpeningVisitors
{
    private readonly ConnectionTracker _visitors = new();

    /// <summary>One begins to wait; <see cref="End"/> follows.</summary>
    public void Begin() => _visitors.Begin();

    /// <summary>One is served, or was turned away.</summary>
    public void End() => _visitors.End();

    /// <summary>Completes when there are none.</summary>
    public Task WhenNoneAsync() => _visitors.WhenIdleAsync();
}
