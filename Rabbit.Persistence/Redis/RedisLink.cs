using StackExchange.Redis;

namespace Rabbit.Persistence.Redis;

/// <summary>This server's one connection to Redis, made when it is first needed; it mends itself when Redis comes back.</summary>
internal sealed class RedisLink(ConfigurationOptions options) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task<IConnectionMultiplexer>? _connection;

    /// <summary>The connection, which may not be up yet: Redis that is away is no reason to fail, only to wait for two seconds.</summary>
    public Task<IConnectionMultiplexer> ConnectAsync()
    {
        lock (_gate)
        {
            if (_connection is null or { IsFaulted: true })
                _connection = OpenAsync();
            return _connection;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_connection is { IsCompletedSuccessfully: true } made)
            await (await made).DisposeAsync();
    }

    private async Task<IConnectionMultiplexer> OpenAsync() => await ConnectionMultiplexer.ConnectAsync(options);
}
