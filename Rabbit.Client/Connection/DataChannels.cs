using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Health;
using Rabbit.Client.Status;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>
/// Opens a session's data channels and owns them. When the session ends the waiting ones close; those that carry a visitor go
/// on until they end by themselves.
/// </summary>
internal sealed partial class DataChannels(
    IPEndPoint server, LocalService service, ServerDialer dialer, ServerHello hello, HealthWatch? health, TunnelTraffic traffic, TimeProvider time, ILogger logger,
    CancellationToken abort)
    : IAsyncDisposable
{
    private const int DialsAtOnce = 64;
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _sessionEnded = CancellationTokenSource.CreateLinkedTokenSource(abort);
    private readonly SemaphoreSlim _dials = new(DialsAtOnce);
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    // A cluster's nodes are few; a server that makes up others is authenticated, and bounded by its control channel.
    private readonly Dictionary<(string Address, string Fingerprint), NodeDialer> _nodes = [];
    private readonly VanishedPeers _vanished = new(hello.DeadAfter, time);
    private long _lastReport;

    /// <summary>Opens so many channels; returns at once. Those that cannot be opened are reported to the server.</summary>
    public void Open(int count, ControlWriter control) => Open(count, () => RunAsync(dialling => dialer.DialAsync(server, dialling), "", control));

    /// <summary>Opens channels to another node; otherwise as <see cref="Open(int, ControlWriter)"/>.</summary>
    public void OpenAt(OpenChannelsAt asked, ControlWriter control)
    {
        if (!_nodes.TryGetValue((asked.Address, asked.Fingerprint), out NodeDialer? node))
            _nodes[(asked.Address, asked.Fingerprint)] = node = new NodeDialer(dialer, asked.Address, asked.Fingerprint);
        Open(asked.Count, () => RunAsync(node.DialAsync, asked.Address, control));
    }

    private void Open(int count, Func<Task> run)
    {
        for (; count > 0; count--)
        {
            Task channel = run();
            if (channel.IsCompleted)
                continue;
            _running[channel] = true;
            _ = channel.ContinueWith(
                static (done, running) => ((ConcurrentDictionary<Task, bool>)running!).TryRemove(done, out _), _running,
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>The session has ended: closes the channels that wait for a visitor.</summary>
    public ValueTask EndSessionAsync() => new(_sessionEnded.CancelAsync());

    /// <summary>Completes when the last channel has ended.</summary>
    public Task WhenIdleAsync() => Task.WhenAll(_running.Keys);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EndSessionAsync();
        await WhenIdleAsync();
        _vanished.Dispose();
        _sessionEnded.Dispose();
        _dials.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task<RelayEnd>> dial, string address, ControlWriter control)
    {
        try
        {
            DataChannel channel;
            await _dials.WaitAsync(_sessionEnded.Token);
            try
            {
                channel = await DataChannel.OpenAsync(dial, hello, _sessionEnded.Token);
            }
            finally
            {
                _dials.Release();
            }
            if (await channel.ServeAsync(service, _vanished, traffic, logger, _sessionEnded.Token, abort) is not { } refused)
                return;
            health?.Hint();
            if (ShouldReport())
                LogLocalServiceFailed(refused.Sentence);
        }
        catch (OperationCanceledException)
        {
            // The session has ended.
        }
        catch (Exception e) when (e is ServerUnavailableException or TunnelFailedException)
        {
            control.TryPost(new OpenFailed(1, e.Message, address));
            if (ShouldReport())
                LogChannelFailed(e.Message);
        }
        catch (Exception e)
        {
            // Nothing that happens to one channel may take the others down.
            LogChannelBroke(e);
        }
    }

    private bool ShouldReport()
    {
        long now = time.GetTimestamp();
        long last = Volatile.Read(ref _lastReport);
        return (last == 0 || time.GetElapsedTime(last, now) > ReportInterval) && Interlocked.CompareExchange(ref _lastReport, now, last) == last;
    }

    [LoggerMessage(EventIds.LocalServiceFailed, LogLevel.Warning, "A visitor came, but {Reason}")]
    private partial void LogLocalServiceFailed(string reason);

    [LoggerMessage(EventIds.ChannelsFailed, LogLevel.Warning, "A data channel could not be opened: {Reason}")]
    private partial void LogChannelFailed(string reason);

    [LoggerMessage(EventIds.ChannelFailed, LogLevel.Error, "A data channel failed")]
    private partial void LogChannelBroke(Exception exception);
}
