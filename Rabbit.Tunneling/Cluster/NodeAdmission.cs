using Microsoft.Extensions.Options;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// Limits the handshakes on the nodes' port as <see cref="HandshakeAdmission"/> does on the control port, whose clients and penalties are none of its
/// business: an address from which a node has come has a budget of its own.
/// </summary>
internal sealed class NodeAdmission
{
    private const string Nodes = "nodes";

    private readonly KnownAddresses _known;
    private readonly HandshakeAdmission _admission;
    private readonly DescriptorBudget _descriptors;

    public NodeAdmission(DescriptorBudget descriptors, TunnelingMetrics metrics, IOptions<TunnelingOptions> options, TimeProvider time)
    {
        _descriptors = descriptors;
        _known = new KnownAddresses(time);
        _admission = new HandshakeAdmission(_known, new LoginPenalties(options, time), metrics);
    }

    /// <summary>A place for one handshake, to be disposed when it is over; null when there is none.</summary>
    public HandshakeAdmission.Place? TryEnter(IncomingConnection incoming) =>
        incoming.Transport.End.EndIsReset || _descriptors.DropsClient(incoming)
            ? null : _admission.TryEnter(incoming.Remote.Address, incoming.Transport.End.Abort);

    /// <summary>The peer has proved to be a node.</summary>
    public void Know(IncomingConnection incoming)
    {
        if (!_known.Contain(incoming.Remote.Address, Nodes))
            _known.Expect(incoming.Remote.Address, Nodes);
    }
}
