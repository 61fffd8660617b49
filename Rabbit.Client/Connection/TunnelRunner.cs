using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Commands;
using Rabbit.Client.Health;
using Rabbit.Client.Status;
using Rabbit.Client.Telemetry;
using Rabbit.Client.Trust;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>
/// Keeps one tunnel up: logs in, serves the session, and comes back by itself whenever it is lost, to the same server, or to another node
/// of its cluster.
/// </summary>
internal sealed partial class TunnelRunner(
    ConnectOptions options, ServerTrust trust, TunnelStatus status, TimeProvider time, Random random, ILogger logger)
{
    // Each may take some seconds until it is known to be away.
    private const int MostOthers = 3;

    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(1);

    private readonly ServerPlaces _places = new(options, trust, time);
    private readonly LocalService _service = new(options, time);
    private readonly Login _login = new(time);
    private readonly ReconnectBackoff _backoff = new(time, random);
    private readonly HealthWatch? _health = options.Health is { } asked ? new HealthWatch(new LocalService(options, time), asked, status, time, logger) : null;
    private readonly List<DataChannels> _lingering = [];
    private StandbyConnection? _standby;
    private ServerPlace? _named;
    private bool _wasUp;
    private bool _yield;
    private long? _lostAt;

    /// <summary>Runs until it is cancelled.</summary>
    /// <exception cref="TunnelFailedException">Trying again would not help.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var abort = new CancellationTokenSource();
        using var ended = new CancellationTokenSource();
        Task watching = _health?.RunAsync(ended.Token) ?? Task.CompletedTask;
        try
        {
            while (true)
            {
                ServerUnavailableException reason;
                try
                {
                    await ServeAsync(abort.Token, cancellationToken);
                    return;
                }
                // A tunnel that was up comes back, whatever stands in for the server meanwhile; a first try is a wrong address.
                catch (ServerUnavailableException e) when (e.IsStranger && !_wasUp)
                {
                    throw new TunnelFailedException(e.Message);
                }
                catch (ServerUnavailableException e)
                {
                    reason = e;
                }
                _lostAt ??= time.GetTimestamp();
                _yield |= reason.Yield; // Until it gets in: a server that restarts meanwhile is no reason to fight back.
                _named = reason.Host.Length > 0 ? _places.Find(reason.Host) : null;
                string why = reason.Message.TrimEnd('.');
                if (await GoesOnElsewhereAsync(reason))
                {
                    LogMoves(_standby!.Place.Address, why);
                    continue;
                }
                TimeSpan wait = reason.ComeAtOnce ? reason.RetryAfter + _backoff.AtOnce() : _backoff.Next(reason.RetryAfter);
                status.Lost(why, wait);
                LogLost(why, wait.TotalSeconds);
                await Task.Delay(wait, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop while there was no session.
        }
        finally
        {
            abort.CancelAfter(LeaveTimeout);
            await ended.CancelAsync();
            await watching;
            await DropStandbyAsync();
            foreach (DataChannels channels in _lingering)
                await channels.DisposeAsync();
        }
    }

    /// <summary>
    /// True when there is a standby, and nothing speaks against logging in there at once: the server was lost, or sends its clients away. A
    /// standby that is not used now is closed.
    /// </summary>
    private async ValueTask<bool> GoesOnElsewhereAsync(ServerUnavailableException reason)
    {
        if (_standby is not null && !reason.Yield && (reason.ComeAtOnce || reason.RetryAfter == TimeSpan.Zero) && _backoff.TryGoOn())
            return true;
        await DropStandbyAsync();
        return false;
    }

    private async ValueTask DropStandbyAsync()
    {
        if (_standby is { } unused)
            await unused.DisposeAsync();
        _standby = null;
    }

    private async Task ServeAsync(CancellationToken abort, CancellationToken cancellationToken)
    {
        var (place, transport, hello) = await LogInAsync(cancellationToken);
        await using RelayEnd end = transport.End;
        _yield = false;
        _named = null;
        _backoff.Connected();
        _places.Forget();
        SocketTuning.DetectDeadPeer(end.Socket, hello.DeadAfter);
        await DropIdleAsync();
        IPEndPoint server = await ServerAddress.FindChannelsAsync(hello, end.Socket, time, cancellationToken);
        var channels = new DataChannels(server, _service, place.Dialer, hello, _health, status.Traffic, time, logger, abort);
        _lingering.Add(channels);
        LogUp(hello);
        StandbyKeeper? standby = options.NoStandby ? null : new StandbyKeeper(_places, status, time, random, logger);
        standby?.Start();
        try
        {
            await new ControlChannel(hello, channels, _places, _health, status, time).RunAsync(transport, cancellationToken);
        }
        finally
        {
            if (standby is not null)
                _standby = await standby.EndAsync();
            await channels.EndSessionAsync();
        }
    }

    /// <summary>
    /// Logs in where that is quickest: by the standby; where the server has sent us; or at the server that we were given, or, when that does not
    /// answer, at another node of its cluster.
    /// </summary>
    private async Task<LoggedIn> LogInAsync(CancellationToken cancellationToken)
    {
        status.Connecting();
        if (_standby is { } standby)
        {
            _standby = null;
            if (await TryLogInAsync(standby.Place, standby.Transport, cancellationToken) is { } loggedIn)
                return loggedIn;
        }
        if (_named is { } named)
        {
            _named = null;
            if (await TryLogInAsync(named, parked: null, cancellationToken) is { } loggedIn)
                return loggedIn;
        }
        try
        {
            return await LogInAsync(_places.Given, parked: null, cancellationToken);
        }
        catch (ServerUnavailableException e) when (!e.HasAnswered)
        {
            ServerPlace[] others = [.. _places.All().Where(place => place.Address != _places.Given.Address)];
            random.Shuffle(others);
            foreach (ServerPlace other in others.Take(MostOthers))
            {
                if (await TryLogInAsync(other, parked: null, cancellationToken) is { } loggedIn)
                    return loggedIn;
            }
            throw;
        }
    }

    // Null where the place cannot take the tunnel now; that another client has it is the same everywhere.
    private async Task<LoggedIn?> TryLogInAsync(ServerPlace place, DetachableTransport? parked, CancellationToken cancellationToken)
    {
        try
        {
            return await LogInAsync(place, parked, cancellationToken);
        }
        catch (ServerUnavailableException e) when (!e.Yield)
        {
            LogUnavailable(place.Address, e.Message.TrimEnd('.'));
            return null;
        }
    }

    private async Task<LoggedIn> LogInAsync(ServerPlace place, DetachableTransport? parked, CancellationToken cancellationToken)
    {
        using Activity? span = ClientTraces.StartLogin(place.Options);
        DetachableTransport? transport = parked;
        try
        {
            transport ??= new DetachableTransport(await place.DialAsync(cancellationToken));
            ServerHello hello = await _login.RunAsync(transport, place, isStandby: parked is not null, _yield, cancellationToken);
            span?.SetTag("rabbit.session.id", hello.SessionId.ToString());
            span?.SetTag("rabbit.tunnel.port", (int)hello.TunnelPort);
            return new LoggedIn(place, transport, hello);
        }
        catch (Exception e)
        {
            if (transport is not null)
                await transport.End.DisposeAsync();
            span.Fail(e.GetType().Name, e.Message);
            throw;
        }
    }

    // Channels of earlier sessions whose last visitor has gone.
    private async Task DropIdleAsync()
    {
        foreach (DataChannels channels in _lingering.Where(channels => channels.WhenIdleAsync().IsCompleted).ToList())
        {
            await channels.DisposeAsync();
            _lingering.Remove(channels);
        }
    }

    private void LogUp(ServerHello hello)
    {
        string publicHost = hello.PublicHost.Length > 0 ? ServerText.Escape(hello.PublicHost) : options.Host;
        if (_wasUp && _lostAt is { } since)
            LogBack(publicHost, hello.TunnelPort, time.GetElapsedTime(since).TotalSeconds);
        else
            LogFirstUp(options.Local, publicHost, hello.TunnelPort);
        _wasUp = true;
        _lostAt = null;
        status.Up(string.Create(CultureInfo.InvariantCulture, $"{(publicHost.Contains(':', StringComparison.Ordinal) ? $"[{publicHost}]" : publicHost)}:{hello.TunnelPort}"));
    }

    [LoggerMessage(EventIds.TunnelUp, LogLevel.Information, "Tunnel is up: visitors reach {Local} through {PublicHost}:{Port}")]
    private partial void LogFirstUp(LocalTarget local, string publicHost, int port);

    [LoggerMessage(EventIds.TunnelBack, LogLevel.Information, "Tunnel is back at {PublicHost}:{Port} after {Seconds:0.0} s")]
    private partial void LogBack(string publicHost, int port, double seconds);

    [LoggerMessage(EventIds.TunnelMoves, LogLevel.Information, "The tunnel goes on at {Address}: {Reason}")]
    private partial void LogMoves(string address, string reason);

    [LoggerMessage(EventIds.PlaceUnavailable, LogLevel.Information, "No tunnel at {Address}: {Reason}; trying elsewhere")]
    private partial void LogUnavailable(string address, string reason);

    [LoggerMessage(EventIds.ServerLost, LogLevel.Warning, "No tunnel: {Reason}; trying again in {Seconds:0.0} s")]
    private partial void LogLost(string reason, double seconds);

    private readonly record struct LoggedIn(ServerPlace Place, DetachableTransport Transport, ServerHello Hello);
}
