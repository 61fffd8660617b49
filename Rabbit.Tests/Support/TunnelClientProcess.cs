namespace Rabbit.Tests.Support;

/// <summary>A running <c>tunnel-client connect</c> with a home directory of its own.</summary>
internal sealed class TunnelClientProcess : IAsyncDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(60);

    // It has one; it has lost it; it has gone on, there or elsewhere.
    private static readonly string[] StandbyLines = ["Standby at ", "No standby at ", "Tunnel is back"];

    private readonly TempDirectory _home = new();

    private TunnelClientProcess(string connectionString, int localPort, (string Name, string Value)[] environment, params string[] options)
        : this([], connectionString, "127.0.0.1", localPort, environment, ["--verbose", .. options])
    {
    }

    private TunnelClientProcess(string[] launcher, string connectionString, string localHost, int localPort, (string Name, string Value)[] environment, string[] options)
    {
        string[] command = [.. launcher, Programs.TunnelClient, "connect", connectionString, "--local-host", localHost, "--local-port", $"{localPort}", .. options];
        Process = RunningProcess.Start(
            "tunnel-client", command[0], command[1..],
            new Dictionary<string, string>(environment.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)))
            {
                ["HOME"] = _home.Path,
                ["XDG_CONFIG_HOME"] = _home.Path,
            });
    }

    public RunningProcess Process { get; }

    /// <summary>Starts a client; see <see cref="ConnectAsync(string, int, ValueTuple{string, string}[])"/> for one that is connected.</summary>
    public static TunnelClientProcess Start(string connectionString, int localPort) => new(connectionString, localPort, []);

    /// <summary>Starts a client and waits until its tunnel is up.</summary>
    public static Task<TunnelClientProcess> ConnectAsync(
        string connectionString, int localPort, params (string Name, string Value)[] environment) =>
        WhenUpAsync(new TunnelClientProcess(connectionString, localPort, environment));

    /// <inheritdoc cref="ConnectAsync(string, int, ValueTuple{string, string}[])"/>
    public static async Task<TunnelClientProcess> ConnectAsync(RabbitProcess server, TestToken token, int localPort, params string[] options) =>
        await WhenUpAsync(new TunnelClientProcess(await server.ConnectionStringAsync(token), localPort, [], options));

    /// <summary>Starts a client with options and waits until its tunnel is up.</summary>
    public static Task<TunnelClientProcess> ConnectWithAsync(string connectionString, int localPort, params string[] options) =>
        WhenUpAsync(new TunnelClientProcess(connectionString, localPort, [], options));

    /// <summary>Starts a client by another program, which becomes it, and waits until its tunnel is up; it does not log its visitors.</summary>
    public static Task<TunnelClientProcess> ConnectOnAsync(string[] launcher, string connectionString, string localHost, int localPort) =>
        WhenUpAsync(new TunnelClientProcess(launcher, connectionString, localHost, localPort, [], []));

    private static async Task<TunnelClientProcess> WhenUpAsync(TunnelClientProcess client)
    {
        try
        {
            await client.Process.WaitForLineAsync("Tunnel is up", ConnectTimeout);
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it has found the server again.</summary>
    public Task WaitUntilBackAsync(int mark) => Process.WaitForLineAsync("Tunnel is back", ConnectTimeout, mark);

    /// <summary>Waits until it has a standby at another node of its server's cluster.</summary>
    public Task WaitForStandbyAsync() => Eventually.BecomesAsync(
        () => Process.Lines.LastOrDefault(line => StandbyLines.Any(text => line.Contains(text, StringComparison.Ordinal))) ?? "",
        line => line.Contains(StandbyLines[0], StringComparison.Ordinal), ConnectTimeout, "the client has a standby");

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _home.Dispose();
    }
}
