using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// Follows the owners of tunnels: the port of a tunnel that another node owns listens here too, and visitors are served by that node.
/// Where the owner is gone they wait a moment for the next one.
/// </summary>
internal sealed partial class RouteWatch(
    ITunnelDirectory directory, TunnelRegistry registry, TunnelFollower follower, ITokenStore tokens, TimeProvider time, ILogger<RouteWatch> logger)
    : BackgroundService
{
    // Each may wait for the database to read a token.
    private const int AtOnce = 16;
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    // Tokens that could not be read; at most those with a route.
    private readonly ConcurrentDictionary<string, bool> _unread = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        directory.IsShared ? Task.WhenAll(FollowChangesAsync(stoppingToken), RetryAsync(stoppingToken)) : Task.CompletedTask;

    private Task FollowChangesAsync(CancellationToken stoppingToken) => Parallel.ForEachAsync(
        directory.Changed.ReadAllAsync(stoppingToken), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken },
        async (tokenId, cancellationToken) =>
        {
            if (!await TryFollowAsync(tokenId, cancellationToken))
                _unread[tokenId] = true;
        });

    private async Task RetryAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(RetryInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (string tokenId in _unread.Keys)
            {
                if (!await TryFollowAsync(tokenId, stoppingToken))
                    break;
                _unread.TryRemove(tokenId, out _);
            }
        }
    }

    /// <summary>False when the database could not say what the token is.</summary>
    private async Task<bool> TryFollowAsync(string tokenId, CancellationToken cancellationToken)
    {
        try
        {
            Tunnel? tunnel = registry.FindTunnel(tokenId);
            if (tunnel is null && directory.Find(tokenId) is { } route && route.Run != directory.Self.Run
                && await tokens.FindTokenAsync(tokenId, cancellationToken) is { } token)
            {
                tunnel = await registry.OpenAsync(token);
            }
            if (tunnel is not null)
                await follower.FollowAsync(tunnel);
        }
        catch (StoreUnavailableException e)
        {
            LogNotFollowed(tokenId, e.Message);
            return false;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // A bug with one tunnel must not end the watch, let alone the server.
            LogFailed(e, tokenId);
        }
        return true;
    }

    [LoggerMessage(EventIds.RouteNotFollowed, LogLevel.Debug, "The tunnel of token {TokenId}, which another node owns, listens here when the database answers: {Reason}")]
    private partial void LogNotFollowed(string tokenId, string reason);

    [LoggerMessage(EventIds.RouteWatchFailed, LogLevel.Error, "The owner of token {TokenId}'s tunnel could not be followed")]
    private partial void LogFailed(Exception exception, string tokenId);
}
