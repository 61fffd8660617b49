using System.Net;
using Microsoft.Extensions.Options;

namespace Rabbit.Tunneling;

/// <summary>Where visitors and clients of all tunnels may come from, before what their tokens say.</summary>
internal sealed class ServerNetworks(IOptions<TunnelingOptions> options)
{
    private readonly NetworkRules _visitors = Read(options.Value.VisitorNetworks);
    private readonly NetworkRules _clients = Read(options.Value.ClientNetworks);

    /// <summary>True when visitors may come from this address.</summary>
    public bool AllowVisitor(IPAddress address) => _visitors.Allow(address);

    /// <summary>True when clients may come from this address.</summary>
    public bool AllowClient(IPAddress address) => _clients.Allow(address);

    private static NetworkRules Read(string text) => NetworkRules.TryReadList(text, out NetworkRules rules) ? rules
        : throw new FormatException("Networks that were checked at the start cannot be read."); // Nobody is let in by a mistake.
}
