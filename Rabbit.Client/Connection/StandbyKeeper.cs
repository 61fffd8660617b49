using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Status;

namespace Rabbit.Client.Connection;

/// <summary>
/// For the time of one session: keeps a connection to another node of the server's cluster, as soon as there is one, and makes another where
/// it is lost.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "EndAsync frees it.")]
internal sealed partial class StandbyKeeper(ServerPlaces places, TunnelStatus status, TimeProvider time, Random random, ILogger logger)
{
    private readonly CancellationTokenSource _end = new();
    private readonly ReconnectBackoff _backoff = new(time, random);
    private StandbyConnection? _current;
    private Task _running = Task.CompletedTask;

    /// <summary>Begins; once.</summary>
    public void Start() => _running = RunAsync(_end.Token);

    /// <summary>Ends; the connection that there is, to log in by, or null. It is the caller's.</summary>
    public async Task<StandbyConnection?> EndAsync()
    {
        await _end.CancelAsync();
        await _running;
        _end.Dispose();
        status.StandbyAt(null);
        return _current;
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        ServerPlace? failed = null;
        try
        {
            while (true)
            {
                ServerPlace place = await ChooseAsync(failed, cancellationToken);
                // Not all clients of a server at once, when it tells them of a new node.
                TimeSpan wait = _backoff.Next(TimeSpan.Zero);
                await Task.Delay(wait, time, cancellationToken);
                string? lost;
                try
                {
                    lost = await KeepAsync(place, cancellationToken);
                    if (lost is null)
                        return;
                }
                catch (Exception e) when (e is ServerUnavailableException or TunnelFailedException)
                {
                    lost = e.Message;
                    if (e is ServerUnavailableException { RetryAfter: { Ticks: > 0 } atLeast })
                        await Task.Delay(atLeast, time, cancellationToken);
                }
                failed = place;
                LogLost(place.Address, lost.TrimEnd('.'));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The session has ended.
        }
    }

    /// <summary>Any node but that where the session is, and another than the one that has failed where there are several.</summary>
    private async Task<ServerPlace> ChooseAsync(ServerPlace? failed, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (others, changed) = places.Others();
            List<ServerPlace> choice = [.. others.Where(place => place != failed)];
            if (choice.Count == 0)
                choice = [.. others];
            if (choice.Count > 0)
                return choice[random.Next(choice.Count)];
            await changed.WaitAsync(cancellationToken);
        }
    }

    private async Task<string?> KeepAsync(ServerPlace place, CancellationToken cancellationToken)
    {
        StandbyConnection connection = await StandbyConnection.OpenAsync(place, time, cancellationToken);
        _current = connection;
        _backoff.Connected();
        status.StandbyAt(place.Address);
        LogReady(place.Address);
        string? lost = await connection.ServeAsync(cancellationToken);
        if (lost is not null)
        {
            _current = null;
            status.StandbyAt(null);
            await connection.DisposeAsync();
        }
        return lost;
    }

    [LoggerMessage(EventIds.StandbyReady, LogLevel.Information, "Standby at {Address}: the tunnel goes on there when this server is lost")]
    private partial void LogReady(string address);

    [LoggerMessage(EventIds.StandbyLost, LogLevel.Information, "No standby at {Address}: {Reason}")]
    private partial void LogLost(string address, string reason);
}
