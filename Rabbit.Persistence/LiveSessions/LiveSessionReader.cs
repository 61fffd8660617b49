using Microsoft.Extensions.Caching.Distributed;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.LiveSessions;

/// <summary>Reads what <see cref="ILiveSessionStore"/> has published.</summary>
public sealed class LiveSessionReader
{
    private readonly IDistributedCache _cache;
    private readonly TimeProvider _time;

    internal LiveSessionReader(IDistributedCache cache, TimeProvider time) => (_cache, _time) = (cache, time);

    /// <summary>The token's live session; null when there is none, or its data is of another version or not ours.</summary>
    /// <exception cref="StoreUnavailableException">Redis does not answer.</exception>
    public async Task<LiveSession?> FindAsync(string tokenId, CancellationToken cancellationToken)
    {
        try
        {
            return await _cache.FindAsync(tokenId, _time.GetUtcNow(), cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StoreUnavailableException("Redis, which holds live session data, does not answer; start it, or correct --redis.", e);
        }
    }
}
