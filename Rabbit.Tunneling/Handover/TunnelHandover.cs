using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling.Handover;

/// <summary>What a server does with its ports when a successor is ready for them.</summary>
public sealed class TunnelHandover
{
    // Visitors that were accepted, and whose client has not answered, have this long to be connected: until then their client is not sent
    // to the successor. What they need comes over the control port, so that this one still accepts.
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(3);

    private readonly TunnelRegistry _registry;
    private readonly ControlPortListener _controlPort;
    private readonly NodePort _nodePort;
    private readonly OpeningVisitors _opening;
    private readonly TimeProvider _time;

    internal TunnelHandover(TunnelRegistry registry, ControlPortListener controlPort, NodePort nodePort, OpeningVisitors opening, TimeProvider time)
    {
        _registry = registry;
        _controlPort = controlPort;
        _nodePort = nodePort;
        _opening = opening;
        _time = time;
    }

    /// <summary>
    /// Accepts no more, on any port, when the task completes; every port goes on listening, so that who comes waits in the kernel's queue.
    /// </summary>
    public async Task PauseAsync()
    {
        await Task.WhenAll(_registry.Tunnels.Select(tunnel => tunnel.Port.PauseAsync()));
        try
        {
            await _opening.WhenNoneAsync().WaitAsync(SettleLimit, _time);
        }
        catch (TimeoutException)
        {
            // A service that does not answer its client; the client does not need the server to go on waiting for it.
        }
        await Task.WhenAll(_controlPort.PauseAsync(), _nodePort.PauseAsync());
    }

    /// <summary>The successor has failed: accepts again.</summary>
    public void Resume()
    {
        foreach (Tunnel tunnel in _registry.Tunnels)
            tunnel.Port.Resume();
        _controlPort.Resume();
        _nodePort.Resume();
    }
}
