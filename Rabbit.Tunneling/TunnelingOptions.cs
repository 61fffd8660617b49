using System.ComponentModel.DataAnnotations;
using System.Net;
using Rabbit.Protocol.Transport;

namespace Rabbit.Tunneling;

/// <summary>How tunnels behave: addresses, deadlines and limits. Bound from the configuration section <c>Rabbit</c>.</summary>
public sealed class TunnelingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Rabbit";

    private const string RangeMessage = "{0} must be from {1} to {2}.";

    /// <summary>Address of the control port and the tunnel ports: textual IP address; default all of IPv4.</summary>
    [IpAddress]
    public string Bind { get; set; } = "0.0.0.0";

    /// <summary>Control port; 0 takes a free one.</summary>
    [Range(0, 65535, ErrorMessage = RangeMessage)]
    public int Port { get; set; } = 9999;

    /// <summary>Host name or address that visitors and clients use, for display; empty: the host that a client dialled.</summary>
    public string PublicHost { get; set; } = "";

    /// <summary>True to accept plaintext control and data channels from elsewhere than loopback.</summary>
    public bool AllowPlaintext { get; set; }

    /// <summary>PEM file of the control port's certificate chain; empty: a self-signed one in the data directory.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>PEM file of the certificate's private key.</summary>
    public string CertificateKeyFile { get; set; } = "";

    /// <summary>PEM file of the authorities one of which must have issued each client's certificate; empty: clients need none.</summary>
    public string ClientCaFile { get; set; } = "";

    /// <summary>Time in which a connection must have authenticated, absolute.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Networks of load balancers in front of the tunnel ports, with commas between them: their connections, and nobody else's, begin with
    /// a PROXY header that names the visitor.
    /// </summary>
    [Networks]
    public string ProxyFrom { get; set; } = "";

    /// <summary>
    /// Networks from which visitors of any tunnel may come, with commas between them, and ! in front of those from which they may not;
    /// empty for all.
    /// </summary>
    [NetworkRules]
    public string VisitorNetworks { get; set; } = "";

    /// <summary>The same for clients.</summary>
    [NetworkRules]
    public string ClientNetworks { get; set; } = "";

    /// <summary>Networks, with commas between them, whose failed logins have no consequences; none by default.</summary>
    [Networks]
    public string PenaltyExempt { get; set; } = "";

    /// <summary>Interval of pings on a control channel.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Silence after which a control channel is given up.</summary>
    public TimeSpan DeadAfter { get; set; } = TimeSpan.FromSeconds(45);

    /// <summary>Time that an offline port waits for a connection's first bytes to tell a client from a visitor.</summary>
    public TimeSpan OfflineDetectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// What visitors of an absent client are told, in place of "The client of tunnel port N is away.": one line of up to 200 characters, in
    /// which {port}, {tunnel} (the token's name) and {since} (when the client left, UTC) are replaced.
    /// </summary>
    [OfflineText]
    public string OfflineMessage { get; set; } = "";

    /// <summary>What they are told to do about it, likewise, in place of the command that brings the client back.</summary>
    [OfflineText]
    public string OfflineHint { get; set; } = "";

    /// <summary>Time that a visitor waits for a data channel, and then for the local service.</summary>
    public TimeSpan ChannelTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Visitors of one tunnel that may wait at once, for a data channel, or for their client while it is away.</summary>
    [Range(1, 1_000_000, ErrorMessage = RangeMessage)]
    public int PendingVisitors { get; set; } = 4096;

    /// <summary>Visitors of all tunnels together that may wait at once for clients that are away.</summary>
    [Range(0, 1_000_000, ErrorMessage = RangeMessage)]
    public int WaitingVisitors { get; set; } = 16_384;

    /// <summary>Idle data channels kept ready for each session.</summary>
    [Range(0, 1024, ErrorMessage = RangeMessage)]
    public int PoolSize { get; set; } = 8;

    /// <summary>
    /// Bytes that the kernel may hold of one connection in each direction, which is also its largest TCP window; 0 leaves it to
    /// the kernel.
    /// </summary>
    [Range(0, SocketTuning.MostBuffer, ErrorMessage = RangeMessage)]
    public int SocketBuffer { get; set; } = SocketTuning.DefaultBuffer;

    /// <summary>Server uptime after which a session whose client has not been seen ends.</summary>
    public TimeSpan StaleAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Time for which a token that was looked up stays known while the database is away.</summary>
    public TimeSpan TokenCacheTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How often the database is asked which tokens with a tunnel here were revoked, deleted or shortened by others: every
    /// revocation that was not heard of takes effect within this and what the statement takes.
    /// </summary>
    public TimeSpan RevocationCheckInterval { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Time that relayed streams get to finish when the server stops.</summary>
    public TimeSpan DrainLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Time for which visitors of a port that listened before this process (handed over, or kept by systemd) wait for a client that was
    /// connected there: what most clients need to come back. More clients at once get more time.
    /// </summary>
    public TimeSpan ClientReturnTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time that relayed streams get to finish in a process whose ports a successor has taken over.</summary>
    public TimeSpan LingerLimit { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Tunnels that get series of their own among the metrics, those with the lowest ports first; each costs about six series
    /// wherever they are stored.
    /// </summary>
    [Range(0, MostTunnelMetrics, ErrorMessage = RangeMessage)]
    public int TunnelMetrics { get; set; }

    internal const int MostTunnelMetrics = 10_000;

    /// <summary>Name of this server among several, recorded with its sessions.</summary>
    [Required]
    public string Node { get; set; } = Environment.MachineName;

    /// <summary>
    /// Address and port on which this node listens for the other nodes of its cluster; empty: a lone server. A cluster needs PostgreSQL and
    /// Redis, the same for all its nodes.
    /// </summary>
    [EndPoint]
    public string ClusterBind { get; set; } = "";

    /// <summary>Address and port at which the other nodes reach this one; empty: <see cref="ClusterBind"/>.</summary>
    [EndPoint]
    public string ClusterAddress { get; set; } = "";

    /// <summary>
    /// Host and port at which clients reach this node's control port and no other node's, which they are told; empty: they know only the
    /// address that they were given.
    /// </summary>
    [HostAndPort]
    public string ClusterClientAddress { get; set; } = "";

    /// <summary>PEM file of the authorities that issue the nodes' certificates.</summary>
    public string ClusterAuthorityFile { get; set; } = "";

    /// <summary>PEM file of this node's certificate, by which the other nodes know it.</summary>
    public string ClusterCertificateFile { get; set; } = "";

    /// <summary>PEM file of that certificate's private key.</summary>
    public string ClusterCertificateKeyFile { get; set; } = "";

    /// <summary>True for a node of a cluster.</summary>
    public bool IsClustered => ClusterBind.Length > 0;

    /// <summary>Where the other nodes reach this one.</summary>
    public string NodeAddress => ClusterAddress.Length > 0 ? ClusterAddress : ClusterBind;

    /// <summary><see cref="Bind"/> as an address.</summary>
    /// <exception cref="FormatException">It is not an IP address.</exception>
    public IPAddress BindAddress() => IPAddress.Parse(Bind);
}
