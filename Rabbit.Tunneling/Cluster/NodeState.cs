using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Credentials;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling.Cluster;

/// <summary>This node, as it is now.</summary>
public sealed class NodeState
{
    private static readonly string Version =
        typeof(NodeState).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    private readonly IServiceProvider _services;
    private readonly TunnelingOptions _options;
    private readonly DateTimeOffset _startedAt;

    // What it looks at is made of parts that themselves need the directory, which asks it.
    internal NodeState(IServiceProvider services, IOptions<TunnelingOptions> options, TimeProvider time)
    {
        _services = services;
        _options = options.Value;
        _startedAt = time.GetUtcNow();
        NodeAddress = _options.NodeAddress;
    }

    /// <summary>This run of the process.</summary>
    public Guid Run { get; } = Guid.NewGuid();

    /// <summary>Where the other nodes reach this one; whoever binds a port that the kernel chose says which.</summary>
    public string NodeAddress { get; set; }

    /// <summary>True from when its clients are sent to other nodes.</summary>
    public bool IsDraining { get; set; }

    /// <summary>The node as others are to see it now.</summary>
    public ClusterNode Describe() => new(
        _options.Node, Run, NodeAddress, _options.ClusterClientAddress, Fingerprint(), Version, _startedAt,
        _services.GetRequiredService<TunnelRegistry>().Tunnels.Count(tunnel => tunnel.Session is not null and not RemoteSession),
        _services.GetRequiredService<OpenVisitors>().Count, IsDraining);

    private string Fingerprint() => _services.GetService<ITlsMaterial>() is { } tls ? CertificateFingerprint.Of(tls.Certificate.TargetCertificate) : "";
}
