using System.Threading.Channels;
using Microsoft.Extensions.Caching.Distributed;

namespace Rabbit.Tests.Persistence.LiveSessions;

/// <summary>Tells a test of every write that has reached the cache behind it.</summary>
internal sealed class SignallingCache(IDistributedCache cache) : IDistributedCache
{
    private readonly Channel<string> _writes = Channel.CreateUnbounded<string>();

    /// <summary>The next write: <c>set KEY</c> or <c>remove KEY</c>.</summary>
    public ValueTask<string> NextWriteAsync(CancellationToken cancellationToken) => _writes.Reader.ReadAsync(cancellationToken);

    public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => cache.GetAsync(key, token);

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        await cache.SetAsync(key, value, options, token);
        _writes.Writer.TryWrite("set " + key);
    }

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        await cache.RemoveAsync(key, token);
        _writes.Writer.TryWrite("remove " + key);
    }

    public byte[]? Get(string key) => throw new NotSupportedException();

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

    public void Remove(string key) => throw new NotSupportedException();

    public void Refresh(string key) => throw new NotSupportedException();

    public Task RefreshAsync(string key, CancellationToken token = default) => throw new NotSupportedException();
}
