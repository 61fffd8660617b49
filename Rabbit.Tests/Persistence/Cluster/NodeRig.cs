using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rabbit.Persistence;
using Rabbit.Persistence.Cluster;
using Rabbit.Tests.Support;
using Rabbit.Tunneling;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Cluster;

/// <summary>One node's directory, as the host composes it; its changes are handled as a tunnel would, or left alone.</summary>
internal sealed class NodeRig : IAsyncDisposable
{
    private readonly TempDirectory _data = new();
    private readonly ServiceProvider _services;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, long> _served = new();
    private Task _serving = Task.CompletedTask;

    public NodeRig(string name, string redis, string database)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log));
        services.AddOptions<PersistenceOptions>().Configure(options =>
        {
            options.Database = database;
            options.Redis = redis;
            options.Data = _data.Path;
            options.Node = name;
        });
        services.AddOptions<TunnelingOptions>().Configure(options =>
        {
            options.Node = name;
            options.Bind = "127.0.0.1";
            options.ClusterBind = "127.0.0.1:1";
        });
        services.AddRabbitPersistence(redis, isNode: true);
        services.AddRabbitTunneling();
        _services = services.BuildServiceProvider();
    }

    public LogLines Log { get; } = new();

    public SharedDirectory Directory => _services.GetRequiredService<SharedDirectory>();

    public ITunnelDirectory Shared => Directory;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    /// <param name="isServing">True to let go of what another node has claimed, as a tunnel does.</param>
    public async Task StartAsync(bool isServing)
    {
        await Directory.StartAsync(Cancellation);
        if (isServing)
            _serving = ServeAsync();
    }

    /// <summary>Claims a token's tunnel, and publishes its session.</summary>
    public async Task<TunnelRoute> ServeAsync(TokenRecord token, Guid lastSession = default, Guid? session = null)
    {
        Claim claim = await Directory.ClaimAsync(token, lastSession, Cancellation);
        Assert.False(claim.Superseded);
        return Publish(token, claim.Epoch, session);
    }

    public TunnelRoute Publish(TokenRecord token, long epoch, Guid? session = null)
    {
        var route = new TunnelRoute(token.TokenId, token.Port, epoch, session ?? Guid.NewGuid(), Shared.Self.Name, Shared.Self.Run, TakesChannelsElsewhere: false);
        _served.AddOrUpdate(token.TokenId, epoch, (_, before) => Math.Max(before, epoch));
        Directory.Publish(route);
        return route;
    }

    /// <summary>Waits until this node sees that owner of the token's tunnel; null for none.</summary>
    public Task SeesAsync(TokenRecord token, TunnelRoute? route, double withinSeconds = 2.5) => Eventually.BecomesAsync(
        () => Shared.Find(token.TokenId), seen => seen == route, TimeSpan.FromSeconds(withinSeconds), $"{Shared.Self.Name} sees {route}");

    public Task StopAsync() => Directory.StopAsync(Cancellation);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _serving;
        await Directory.StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
        _stopping.Dispose();
        _data.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            await foreach (string tokenId in Directory.Changed.ReadAllAsync(_stopping.Token))
            {
                if (_served.TryGetValue(tokenId, out long epoch) && !await Directory.ConfirmAsync(tokenId, epoch))
                    Directory.Release(tokenId, epoch);
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
    }
}
