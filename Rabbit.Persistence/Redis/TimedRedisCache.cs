using Microsoft.Extensions.Caching.Distributed;
using Rabbit.Persistence.Telemetry;

namespace Rabbit.Persistence.Redis;

/// <summary>The cache in Redis, whose operations are timed.</summary>
internal sealed class TimedRedisCache(IDistributedCache redis, PersistenceMetrics metrics, TimeProvider time) : IDistributedCache
{
    /// <inheritdoc/>
    public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => TimeAsync(() => redis.GetAsync(key, token));

    /// <inheritdoc/>
    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        metrics.TimeAsync(PersistenceMetrics.Redis, time, () => redis.SetAsync(key, value, options, token));

    /// <inheritdoc/>
    public Task RefreshAsync(string key, CancellationToken token = default) =>
        metrics.TimeAsync(PersistenceMetrics.Redis, time, () => redis.RefreshAsync(key, token));

    /// <inheritdoc/>
    public Task RemoveAsync(string key, CancellationToken token = default) =>
        metrics.TimeAsync(PersistenceMetrics.Redis, time, () => redis.RemoveAsync(key, token));

    /// <inheritdoc/>
    public byte[]? Get(string key) => redis.Get(key);

    /// <inheritdoc/>
    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => redis.Set(key, value, options);

    /// <inheritdoc/>
    public void Refresh(string key) => redis.Refresh(key);

    /// <inheritdoc/>
    public void Remove(string key) => redis.Remove(key);

    private Task<T> TimeAsync<T>(Func<Task<T>> operate) => metrics.TimeAsync(PersistenceMetrics.Redis, time, operate);
}
