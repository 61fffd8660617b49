using Microsoft.Extensions.Caching.Distributed;
using Rabbit.Tunneling.State;
using StackExchange.Redis;

namespace Rabbit.Persistence.LiveSessions;

/// <summary>Reading a cache to which others may write too.</summary>
internal static class LiveSessionCache
{
    /// <summary>For how long a session counts as live after it was last written; three heartbeats may be missed.</summary>
    public static readonly TimeSpan Expiry = TimeSpan.FromSeconds(90);

    /// <summary>The key of a token's live session.</summary>
    public static string Key(string tokenId) => $"rabbit:session:{tokenId}";

    /// <summary>The token's session, or null; what is not a session of ours, or should have expired, counts as nothing.</summary>
    public static async Task<LiveSession?> FindAsync(
        this IDistributedCache cache, string tokenId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        string key = Key(tokenId);
        try
        {
            return await cache.GetAsync(key, cancellationToken) is { } json && LiveSessionJson.Read(json) is { } session
                && session.TokenId == tokenId && (now - session.LastSeenAt).Duration() < Expiry ? session : null;
        }
        catch (RedisServerException e) when (e.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal))
        {
            // Not the hash that the cache keeps its values in; it must go, since it could not be overwritten either.
            await cache.RemoveAsync(key, cancellationToken);
            return null;
        }
    }
}
