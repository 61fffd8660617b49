using System.Collections.Concurrent;
using System.Threading.Channels;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;

namespace Rabbit.Tests.Tunneling.Cluster;

/// <summary>A directory that knows what the test says.</summary>
internal sealed class TestDirectory : ITunnelDirectory
{
    private readonly Channel<string> _changed = Channel.CreateUnbounded<string>();
    private readonly ConcurrentDictionary<string, TunnelRoute> _routes = new();

    public bool IsShared => true;

    public ClusterNode Self { get; } = new("self", Guid.NewGuid(), "127.0.0.1:1", "", "", "1", DateTimeOffset.UnixEpoch, 0, 0, false);

    public IReadOnlyCollection<ClusterNode> Nodes => [Self];

    public IReadOnlyCollection<TunnelRoute> Routes => [.. _routes.Values];

    public ChannelReader<string> Changed => _changed.Reader;

    /// <summary>What ConfirmAsync says.</summary>
    public bool IsConfirmed { get; set; } = true;

    /// <summary>How often it was asked.</summary>
    public int Confirmations { get; private set; }

    public ConcurrentQueue<TunnelRoute> Published { get; } = new();

    public ConcurrentQueue<long> Released { get; } = new();

    public TunnelRoute? Find(string tokenId) => _routes.GetValueOrDefault(tokenId);

    public ValueTask<Claim> ClaimAsync(TokenRecord token, Guid lastSessionId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Publish(TunnelRoute route) => Published.Enqueue(route);

    public void Release(string tokenId, long epoch) => Released.Enqueue(epoch);

    public void Announce()
    {
    }

    public ValueTask<bool> ConfirmAsync(string tokenId, long epoch)
    {
        Confirmations++;
        return ValueTask.FromResult(IsConfirmed);
    }

    /// <summary>Another node owns the tunnel; null: nobody does.</summary>
    public void Change(TokenRecord token, TunnelRoute? route)
    {
        if (route is null)
            _routes.TryRemove(token.TokenId, out _);
        else
            _routes[token.TokenId] = route;
        _changed.Writer.TryWrite(token.TokenId);
    }

    /// <summary>A route of another node.</summary>
    public static TunnelRoute RouteOf(TokenRecord token, long epoch, Guid? session = null) =>
        new(token.TokenId, token.Port, epoch, session ?? Guid.NewGuid(), "other", Guid.NewGuid(), TakesChannelsElsewhere: false);
}
