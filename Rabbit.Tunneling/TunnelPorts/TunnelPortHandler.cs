using Microsoft.AspNetCore.Connections;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>
/// Owns one connection on a tunnel port: a visitor of a live tunnel is served at once, without looking at what it says; on an
/// offline port it is first found out whether this is the client coming back.
/// </summary>
internal sealed class TunnelPortHandler(
    LiveTunnel live, OfflineTunnel offline, HeldVisitors held, WaitingVisitors waiting, VisitorAdmission admission, OpeningVisitors opening, LoadBalancers loadBalancers, ServerNetworks networks, DescriptorBudget descriptors,
    OpenVisitors visitors, IConnectionLog log, TunnelingMetrics metrics, TimeProvider time) : ConnectionHandler
{
    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var tunnel = (Tunnel)((SocketConnection)connection).Owner!;
        await using var incoming = IncomingConnection.Take(connection);
        if (descriptors.DropsVisitor(incoming))
        {
            incoming.Detach().Abort();
            return;
        }
        if (loadBalancers.Include(incoming.Remote.Address) && !await TryReadVisitorAsync(incoming))
            return;
        // Neither a visitor nor a client that comes back, whichever this is.
        if (!networks.AllowVisitor(incoming.Remote.Address) && !networks.AllowClient(incoming.Remote.Address))
        {
            incoming.Detach().Abort();
            return;
        }
        var visitor = new Visitor(tunnel, incoming, visitors, log, metrics, time);

        // A client may come or go while the visitor waits; it is then served as if it had come afterwards.
        try
        {
            while (true)
            {
                if (tunnel.Session is { } session && visitor.IsNext)
                {
                    if (await admission.RefuseUnlessAdmittedAsync(visitor) || await live.TryServeAsync(session, visitor))
                        return;
                    if (tunnel.Session == session)
                        await session.Left; // It has ended, and its tunnel learns of that in a moment.
                }
                else if (visitor.Waits ? await held.TryAnswerAsync(visitor) : await offline.TryAnswerAsync(visitor))
                {
                    return;
                }
            }
        }
        finally
        {
            waiting.Leave(visitor, WaitOutcome.Left);
            visitor.Leave();
        }
    }

    private async Task<bool> TryReadVisitorAsync(IncomingConnection incoming)
    {
        opening.Begin();
        try
        {
            return await loadBalancers.TryReadVisitorAsync(incoming);
        }
        finally
        {
            opening.End();
        }
    }
}
