using StackExchange.Redis;

namespace Rabbit.Persistence.Redis;

/// <summary>This server's one connection to Redis, made when it is first needed; it mends itself when Redis comes back.</summary>
internal sealed class RedisLink(ConfigurationOptions options) : IDisposable
{
    private readonly Lock _gate = new();
    private Task<IConnectionMultiplexer>? _connection;
    private ConnectionMultiplexer? _made;

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

    /// <summary>True while it is connected.</summary>
    public bool IsUp => Volatile.Read(ref _made) is { IsConnected: true };

    /// <inheritdoc/>
    public void Dispose() => _made?.Dispose();

    private async Task<IConnectionMultiplexer> OpenAsync() => _made = await ConnectionMultiplexer.ConnectAsync(options);
}
