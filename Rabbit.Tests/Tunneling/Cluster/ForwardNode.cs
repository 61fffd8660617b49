using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Host.Tls;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Persistence;
using Rabbit.Tunneling;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Tunneling.Cluster;

/// <summary>A node inside the test's process, on an address of its own: everything between the sockets and the stores.</summary>
internal sealed class ForwardNode : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly LogLines _log;
    private Task? _ended;

    private ForwardNode(IHost host, LogLines log, string name, IPAddress address, ForwardBoard.View view)
    {
        _host = host;
        _log = log;
        Name = name;
        Address = address;
        View = view;
    }

    public string Name { get; }

    public IPAddress Address { get; }

    public ForwardBoard.View View { get; }

    public IPEndPoint ControlPort => new(Address, Get<ControlPortAddress>().Bound.Port);

    public IPEndPoint NodePort => Get<NodePort>().Bound!;

    public string Fingerprint => CertificateFingerprint.Of(Get<ITlsMaterial>().Certificate.TargetCertificate);

    public IReadOnlyCollection<string> Log => _log.Lines;

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    /// <summary>The session that serves the token's visitors here, or null.</summary>
    public TunnelSession? SessionOf(TokenRecord token) => Get<TunnelRegistry>().FindTunnel(token.TokenId)?.Session;

    /// <summary>A visitor of a tunnel port of this node.</summary>
    public async Task<Socket> VisitAsync(TokenRecord token)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(Address, token.Port), TestContext.Current.CancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <param name="cluster">Whose node it is.</param>
    /// <param name="name">Its name.</param>
    /// <param name="number">Last number of its address.</param>
    /// <param name="change">Changes its settings.</param>
    public static async Task<ForwardNode> StartAsync(ForwardCluster cluster, string name, byte number, Action<TunnelingOptions> change)
    {
        var address = new IPAddress(new byte[] { 127, 0, 0, number });
        var log = new LogLines();
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddProvider(log);
        builder.Services.Configure<TunnelingOptions>(options =>
        {
            options.Bind = address.ToString();
            options.Port = 0;
            options.Node = name;
            options.ClusterBind = $"{address}:0";
            options.ClusterAuthorityFile = cluster.FileOf("ca.pem");
            options.ClusterCertificateFile = cluster.FileOf($"{name}.pem");
            options.ClusterCertificateKeyFile = cluster.FileOf($"{name}.key");
            options.DrainLimit = TimeSpan.FromSeconds(0.1);
            options.ChannelTimeout = TimeSpan.FromMinutes(1); // However slow the machine is.
            change(options);
        });
        ForwardBoard.View view = cluster.Board.ViewOf(name);
        builder.Services.AddSingleton<ITunnelDirectory>(view);
        builder.Services.AddSingleton<ITokenStore>(cluster.Tokens);
        builder.Services.AddSingleton<IRevocations, Nothing>();
        builder.Services.AddSingleton<ISessionStore, Nothing>();
        builder.Services.AddSingleton<ILiveSessionStore, Nothing>();
        builder.Services.AddSingleton<IConnectionLog, Nothing>();
        builder.Services.AddSingleton<INodeMaterial, NodeMaterial>();
        builder.Services.AddSingleton<ITlsMaterial, Certificate>();
        builder.Services.AddRabbitTunneling();
        var node = new ForwardNode(builder.Build(), log, name, address, view);
        await node._host.StartAsync(TestContext.Current.CancellationToken);
        node.Join(node.NodePort);
        return node;
    }

    /// <summary>Says where other nodes reach it: at its own port, or at something before that.</summary>
    public void Join(IPEndPoint at, string clientAddress = "") => View.Board.Join(View.Self with
    {
        NodeAddress = at.ToString(),
        ClientAddress = clientAddress.Length > 0 ? clientAddress : Get<IOptions<TunnelingOptions>>().Value.ClusterClientAddress,
        Fingerprint = Fingerprint,
    });

    /// <summary>Stops it; again is the same as once.</summary>
    public ValueTask DisposeAsync() => new(_ended ??= EndAsync());

    private async Task EndAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
        _log.Dispose();
    }

    private sealed class Certificate(IOptions<TunnelingOptions> options) : ITlsMaterial
    {
        SslStreamCertificateContext ITlsMaterial.Certificate { get; } =
            new PemFiles(options.Value.ClusterCertificateFile, options.Value.ClusterCertificateKeyFile, "").ReadCertificate();

        public X509Certificate2Collection? ClientAuthorities => null;
    }

    private sealed class Nothing : ISessionStore, ILiveSessionStore, IConnectionLog, IRevocations
    {
        public ChannelReader<Revocation> Heard { get; } = Channel.CreateUnbounded<Revocation>().Reader;

        public Task SaveAsync(SessionChange change) => Task.CompletedTask;

        public Task HeartbeatAsync(IReadOnlyCollection<Guid> liveSessions, TimeSpan sinceLast, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<IReadOnlyList<Guid>> EndStaleSessionsAsync(TimeSpan staleAfter, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Guid>>([]);

        public Task<IReadOnlyList<EndedSession>> FindEndedAsync(IReadOnlyCollection<Guid> sessions, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<EndedSession>>([]);

        public Task<IReadOnlyList<RestorableSession>> FindRestorableSessionsAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<RestorableSession>>([]);

        public Task<IReadOnlyList<RestorableSession>> TakeRestorableSessionsAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<RestorableSession>>([]);

        public void Publish(LiveSession session)
        {
        }

        public void Remove(string tokenId, long epoch)
        {
        }

        public void Record(ConnectionLogEntry entry)
        {
        }

        public void Publish(string tokenId)
        {
        }
    }
}
