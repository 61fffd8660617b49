using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Rabbit.Tunneling.Handover;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>One tunnel's public port: bound or not, with its one acceptor and the connections it has accepted.</summary>
internal sealed partial class TunnelPort(
    IPAddress address, int number, SocketListenerFactory listeners, AcceptGate gate, ConnectionDelegate pipeline, TimeProvider time,
    ILogger<TunnelPort> logger) : IDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _binding = new(1);
    private readonly CancellationTokenSource _stopped = new();
    private readonly ConnectionTracker _connections = new();
    private Tunnel? _tunnel;
    private ConnectionAcceptor? _acceptor;
    private Task _retrying = Task.CompletedTask;

    /// <summary>The port's number.</summary>
    public int Number => number;

    /// <summary>True while it listens.</summary>
    public bool IsBound => Volatile.Read(ref _acceptor) is not null;

    /// <summary>True once it was told to stop: it will not listen again.</summary>
    public bool IsStopped => _stopped.IsCancellationRequested;

    /// <summary>Cancelled once it was told to stop.</summary>
    public CancellationToken Stopped => _stopped.Token;

    /// <summary>Connections that are being served.</summary>
    public int Connections => _connections.Count;

    /// <summary>Who visits, and what they have carried.</summary>
    public PortVisitors Visitors { get; } = new();

    /// <summary>Why binding failed last, or null.</summary>
    public string? BindError { get; private set; }

    /// <summary>Says for which tunnel it accepts; called once, before binding.</summary>
    public void Serves(Tunnel tunnel) => _tunnel = tunnel;

    /// <summary>
    /// Binds the port unless it is bound; false when something else listens there, or it was stopped. Where the port listened before this
    /// process did, visitors that wait in it are accepted when <paramref name="clientIsBack"/> has completed, which is within a bound.
    /// </summary>
    public async Task<bool> TryBindAsync(Func<Task>? clientIsBack = null)
    {
        await _binding.WaitAsync();
        try
        {
            if (_acceptor is not null)
                return true;
            if (_stopped.IsCancellationRequested)
                return false;
            var listener = (SocketListener)await listeners.BindAsync(
                new TunnelEndPoint(ListenerNames.Tunnel(number), address, number), _stopped.Token);
            BindError = null;
            Task begin = listener.IsInherited && clientIsBack is not null ? clientIsBack() : gate.Opened;
            // It outlives the login that binds the port, and is no part of its trace.
            using (ExecutionContext.SuppressFlow())
                Volatile.Write(ref _acceptor, new ConnectionAcceptor(listener, ServeAsync, _connections, begin, logger));
            return true;
        }
        catch (Exception e) when (e is SocketException or AddressInUseException)
        {
            BindError = e.Message;
            return false;
        }
        finally
        {
            _binding.Release();
        }
    }

    /// <summary>Tries to bind again and again, with growing pauses, until it works or the port is stopped.</summary>
    public void RetryInBackground(Action onBound) => _retrying = RetryAsync(onBound);

    /// <summary>Accepts no more when the task completes, and goes on listening: who connects waits in the kernel's queue.</summary>
    public Task PauseAsync() => _acceptor?.PauseAsync() ?? Task.CompletedTask;

    /// <summary>Accepts again.</summary>
    public void Resume() => _acceptor?.Resume();

    /// <summary>Stops listening; when the task completes the port is free. Connections go on.</summary>
    public async Task StopAsync()
    {
        await _stopped.CancelAsync();
        await _binding.WaitAsync();
        try
        {
            if (Interlocked.Exchange(ref _acceptor, null) is { } acceptor)
                await acceptor.StopAsync();
        }
        finally
        {
            _binding.Release();
        }
        await _retrying;
    }

    /// <summary>Completes when no connection is being served.</summary>
    public Task WhenIdleAsync() => _connections.WhenIdleAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        _binding.Dispose();
        _stopped.Dispose();
    }

    private Task ServeAsync(ConnectionContext connection)
    {
        ((SocketConnection)connection).Owner = _tunnel;
        return pipeline(connection);
    }

    private async Task RetryAsync(Action onBound)
    {
        TimeSpan pause = FirstRetry;
        try
        {
            while (true)
            {
                LogPortBusy(number, BindError, pause.TotalSeconds);
                await Task.Delay(pause, time, _stopped.Token);
                if (await TryBindAsync())
                {
                    onBound();
                    return;
                }
                pause = pause * 2 < LongestRetry ? pause * 2 : LongestRetry;
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped while it waited.
        }
    }

    [LoggerMessage(EventIds.PortBusy, LogLevel.Warning, "Cannot listen on port {Port} ({Error}); trying again in {Seconds} s. Stop what holds it, or move its token to another port.")]
    private partial void LogPortBusy(int port, string? error, double seconds);
}
