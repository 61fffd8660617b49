using System.Threading.Channels;
using Microsoft.Extensions.Caching.Distributed;

namespace Rabbit.Tests.Persistence.LiveSessions;

/// <summary>Tells a test of what has reached the cache behind it, and can hold up a write.</summary>
internal sealed class SignallingCache(IDistributedCache cache) : IDistributedCache
{
    private readonly Channel<string> _reads = Channel.CreateUnbounded<string>();
    private readonly Channel<string> _writes = Channel.CreateUnbounded<string>();
    private (string Key, Task Until) _held = ("", Task.CompletedTask);

    /// <summary>The next write: <c>set KEY</c> or <c>remove KEY</c>.</summary>
    public ValueTask<string> NextWriteAsync(CancellationToken cancellationToken) => _writes.Reader.ReadAsync(cancellationToken);

    /// <summary>The next write if there was one, or null.</summary>
    public string? TryNextWrite() => _writes.Reader.TryRead(out string? write) ? write : null;

    /// <summary>The key of the next read that has been answered.</summary>
    public ValueTask<string> NextReadAsync(CancellationToken cancellationToken) => _reads.Reader.ReadAsync(cancellationToken);

    /// <summary>Keeps values of this key from being set until the task completes.</summary>
    public void Hold(string key, Task until) => _held = (key, until);

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default)
    {
        byte[]? value = await cache.GetAsync(key, token);
        _reads.Writer.TryWrite(key);
        return value;
    }

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        if (key == _held.Key)
            await _held.Until.WaitAsync(token);
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
