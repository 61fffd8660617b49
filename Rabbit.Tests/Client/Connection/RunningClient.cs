using Rabbit.Client.Commands;
using Rabbit.Client.Connection;
using Rabbit.Client.Health;
using Rabbit.Client.Status;
using Rabbit.Client.Trust;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Persistence;
using Rabbit.Tests.Support;

namespace Rabbit.Tests.Client.Connection;

/// <summary>The client inside the test's process, in plaintext, which comes back without a pause.</summary>
internal sealed class RunningClient : IAsyncDisposable
{
    private readonly TempDirectory _home = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly LogLines _log = new();

    public RunningClient(int serverPort, int localPort = 1, TimeProvider? time = null, double jitter = 0, HealthOptions? health = null, bool standby = true)
    {
        var options = new ConnectOptions(
            TokenText.Create(), "127.0.0.1", serverPort, new LocalTarget.Tcp("127.0.0.1", localPort), Fingerprint: null, CaFile: null, Plaintext: true, "test", Health: health, NoStandby: !standby);
        var trust = new ServerTrust(options, new KnownServers(_home.File("known_servers")), _log);
        Status = new TunnelStatus("test", options, time ?? TimeProvider.System);
        Completion = new TunnelRunner(options, trust, Status, time ?? TimeProvider.System, new NoJitter(jitter), _log).RunAsync(_stop.Token);
    }

    /// <summary>Ends when it is stopped, or fails when trying again would not help.</summary>
    public Task Completion { get; }

    /// <summary>How it stands.</summary>
    public TunnelStatus Status { get; }

    /// <summary>What it has logged so far.</summary>
    public IReadOnlyCollection<string> Log => _log.Lines;

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Completion;
    }

    /// <summary>Completes when a line that holds the text is logged after this call.</summary>
    public Task NextLineAsync(string text) => _log.NextAsync(text);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await Completion;
        }
        catch (TunnelFailedException)
        {
            // The test that expects it has seen it.
        }
        _stop.Dispose();
        _home.Dispose();
        _log.Dispose();
    }
}
