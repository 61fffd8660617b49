using Microsoft.Extensions.Caching.Distributed;
using Rabbit.Tunneling.State;
using StackExchange.Redis;

namespace Rabbit.Persistence.LiveSessions;

/// <summary>Reading a cache to which others may write too.</summary>
internal static class LiveSessionCache
{
    /// <summary>The session under this key, or null; what is not a session of ours counts as nothing.</summary>
    public static async Task<LiveSession?> FindAsync(this IDistributedCache cache, string key, CancellationToken cancellationToken)
    {
        try
        {
            return await cache.GetAsync(key, cancellationToken) is { } json ? LiveSessionJson.Read(json) : null;
        }
        catch (RedisServerException e) when (e.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            // Not the hash that the cache keeps its values in; it must go, since it could not be overwritten either.
            await cache.RemoveAsync(key, cancellationToken);
            return null;
        }
    }
}
