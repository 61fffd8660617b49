using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Rabbit.Host.Startup;
using Rabbit.Host.Systemd;
using Rabbit.Persistence;
using Rabbit.Tunneling.Handover;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Handover;

/// <summary>
/// Waits for a successor, and gives it every listening socket. Until the successor is ready this server goes on serving, and if the
/// successor fails it goes on for good. Afterwards it sends its clients to it, serves its streams to the end, and ends.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing to free.")]
internal sealed partial class Predecessor(
    ListeningSockets listening, TunnelHandover tunnels, ApiListenerFactory api, StoreHandover store, StateStart state, Departure departure,
    ServiceManager manager, IHostApplicationLifetime lifetime, IOptions<PersistenceOptions> options, TimeProvider time, ILogger<Predecessor> logger)
    : IHostedLifecycleService
{
    private static readonly TimeSpan AcceptPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LetGoLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ServingLimit = TimeSpan.FromSeconds(30);

    // Bringing the database up may take long; what is written meanwhile waits.
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(15);

    private readonly CancellationTokenSource _stopping = new();
    private Task _waiting = Task.CompletedTask;
    private HandoverChannel? _successor;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
            return Task.CompletedTask;
        try
        {
            _waiting = WaitAsync(HandoverSockets.Listen(options.Value.Data));
        }
        catch (IOException e)
        {
            LogNoSocket(e.Message);
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        if (!departure.IsHandedOver)
            _successor?.Dispose();
    }

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => _waiting;

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // One after the other: a second successor waits until the first has failed, or finds nobody.
    private async Task WaitAsync(Socket listener)
    {
        using Socket closed = listener;
        try
        {
            while (true)
            {
                if (await AcceptAsync(listener) is not { } socket)
                    continue;
                using var successor = new HandoverChannel(socket);
                if (!HandoverSockets.IsOurs(socket, out uint account))
                {
                    LogStranger(account);
                }
                else if (await ServeAsync(successor))
                {
                    listener.Dispose();
                    await LeaveAsync(successor);
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task<Socket?> AcceptAsync(Socket listener)
    {
        try
        {
            return await listener.AcceptAsync(_stopping.Token);
        }
        catch (SocketException e)
        {
            // Out of descriptors, say; there may be some when it is tried again.
            LogFailed(e.Message);
            await Task.Delay(AcceptPause, time, _stopping.Token);
            return null;
        }
    }

    private async Task LeaveAsync(HandoverChannel successor)
    {
        store.Leave();
        if (!departure.HasBegun) // By a signal, at the last moment.
            departure.BeginHandedOver();
        LogHandedOver();
        lifetime.StopApplication();
        // This process may end at once, and must not before systemd has heard which is the unit's main process now.
        await successor.ReceiveAsync(ServingLimit);
    }

    /// <summary>True when the successor has the ports.</summary>
    private async Task<bool> ServeAsync(HandoverChannel successor)
    {
        _successor = successor;
        if (await successor.ReceiveAsync(AskLimit) is not { Message.Step: HandoverStep.Ask })
            return false;
        bool isDone = false;
        try
        {
            if (!state.Completed.IsCompletedSuccessfully)
            {
                await successor.SendAsync(new HandoverMessage(HandoverStep.Refuse, Sentence: "The running server has not restored its tunnels yet, as its database was away; try again when it has."));
                return false;
            }
            LogAsked();
            manager.TellReloading();
            isDone = await HandOverAsync(successor);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or TimeoutException)
        {
            LogFailed(e.Message);
        }
        catch (Exception e)
        {
            // A bug of ours must not end the server that serves.
            LogBroken(e);
        }
        if (!isDone && !_stopping.IsCancellationRequested)
        {
            tunnels.Resume();
            api.Resume();
            store.TakeBack();
            manager.TellReady(isSuccessor: false);
            LogGoesOn();
        }
        return isDone;
    }

    private async Task<bool> HandOverAsync(HandoverChannel successor)
    {
        using var letGo = new CancellationTokenSource(LetGoLimit, time);
        await api.PauseAsync();
        await store.LetGoAsync(letGo.Token);
        await successor.SendAsync(new HandoverMessage(HandoverStep.Pass, [HandoverMessage.Lock]), store.Lock);
        foreach (KeyValuePair<string, Socket>[] some in listening.All.Chunk(DescriptorPassing.MostInOneMessage))
        {
            await successor.SendAsync(
                new HandoverMessage(HandoverStep.Pass, [.. some.Select(one => one.Key)]), [.. some.Select(one => (int)one.Value.SafeHandle.DangerousGetHandle())]);
        }
        await successor.SendAsync(new HandoverMessage(HandoverStep.LetGo));
        if (await successor.ReceiveAsync(ReadyLimit) is not { Message.Step: HandoverStep.Ready })
            return false;

        await tunnels.PauseAsync();
        await store.FlushAsync(CancellationToken.None).WaitAsync(FlushLimit, time);
        await successor.SendAsync(new HandoverMessage(HandoverStep.Yours));
        return true;
    }

    [LoggerMessage(EventIds.TakeoverAsked, LogLevel.Information, "A new server process asks for the ports; this one serves until that is ready")]
    private partial void LogAsked();

    [LoggerMessage(EventIds.HandedOver, LogLevel.Information, "A new server process has taken over: clients are sent to it, and this one ends with its last stream")]
    private partial void LogHandedOver();

    [LoggerMessage(EventIds.TakeoverFailed, LogLevel.Warning, "The handover failed: {Reason}")]
    private partial void LogFailed(string reason);

    [LoggerMessage(EventIds.TakeoverBroken, LogLevel.Error, "The handover failed")]
    private partial void LogBroken(Exception exception);

    [LoggerMessage(EventIds.TakeoverGivenUp, LogLevel.Warning, "The new server process has not become ready; this one goes on as before")]
    private partial void LogGoesOn();

    [LoggerMessage(EventIds.TakeoverByStranger, LogLevel.Warning, "Another account (uid {Account}) asked for the ports, in vain")]
    private partial void LogStranger(uint account);

    [LoggerMessage(EventIds.TakeoverImpossible, LogLevel.Warning, "No other process can take over from this one: {Reason}")]
    private partial void LogNoSocket(string reason);
}
