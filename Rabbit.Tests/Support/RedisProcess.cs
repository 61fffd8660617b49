namespace Rabbit.Tests.Support;

/// <summary>A Redis of the test's own, to be killed and started again on the same port.</summary>
internal sealed class RedisProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly TempDirectory _directory = new();

    private RedisProcess(int port) => Process = RunningProcess.Start(
        "redis-server", "redis-server",
        ["--bind", "127.0.0.1", "--port", $"{port}", "--save", "", "--appendonly", "no", "--dir", _directory.Path]);

    public RunningProcess Process { get; }

    /// <summary>Starts one and waits until it listens.</summary>
    public static async Task<RedisProcess> StartAsync(int port)
    {
        var redis = new RedisProcess(port);
        await redis.Process.WaitForLineAsync("Ready to accept connections", StartTimeout);
        return redis;
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _directory.Dispose();
    }
}
