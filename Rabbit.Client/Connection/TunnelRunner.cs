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

/// <summary>Keeps one tunnel up: logs in, serves the session, and comes back by itself whenever it is lost.</summary>
internal sealed partial class TunnelRunner(
    ConnectOptions options, ServerTrust trust, TunnelStatus status, TimeProvider time, Random random, ILogger logger)
{
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(1);

    private readonly ServerDialer _dialer = new(options, trust, time);
    private readonly LocalService _service = new(options, time);
    private readonly Login _login = new(options, time);
    private readonly ReconnectBackoff _backoff = new(time, random);
    private readonly HealthWatch? _health = options.Health is { } asked ? new HealthWatch(new LocalService(options, time), asked, status, time, logger) : null;
    private readonly List<DataChannels> _lingering = [];
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
                TimeSpan wait = reason.ComeAtOnce ? reason.RetryAfter + _backoff.AtOnce() : _backoff.Next(reason.RetryAfter);
                string why = reason.Message.TrimEnd('.');
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
            foreach (DataChannels channels in _lingering)
                await channels.DisposeAsync();
        }
    }

    private async Task ServeAsync(CancellationToken abort, CancellationToken cancellationToken)
    {
        var (transport, hello) = await LogInAsync(cancellationToken);
        await using RelayEnd end = transport.End;
        _yield = false;
        _backoff.Connected();
        SocketTuning.DetectDeadPeer(end.Socket, hello.DeadAfter);
        await DropIdleAsync();
        IPAddress answered = ((IPEndPoint)end.Socket.RemoteEndPoint!).Address;
        var server = new IPEndPoint(answered.IsIPv4MappedToIPv6 ? answered.MapToIPv4() : answered, hello.ControlPort);
        var channels = new DataChannels(server, _service, _dialer, hello, _health, status.Traffic, time, logger, abort);
        _lingering.Add(channels);
        LogUp(hello);
        try
        {
            await new ControlChannel(hello, channels, _health, status, time).RunAsync(transport, cancellationToken);
        }
        finally
        {
            await channels.EndSessionAsync();
        }
    }

    private async Task<(DetachableTransport Transport, ServerHello Hello)> LogInAsync(CancellationToken cancellationToken)
    {
        status.Connecting();
        using Activity? span = ClientTraces.StartLogin(options);
        try
        {
            var transport = new DetachableTransport(await _dialer.DialAsync(new DnsEndPoint(options.Host, options.Port), cancellationToken));
            try
            {
                ServerHello hello = await _login.RunAsync(transport, _yield, cancellationToken);
                span?.SetTag("rabbit.session.id", hello.SessionId.ToString());
                span?.SetTag("rabbit.tunnel.port", (int)hello.TunnelPort);
                return (transport, hello);
            }
            catch
            {
                await transport.End.DisposeAsync();
                throw;
            }
        }
        catch (Exception e)
        {
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

    [LoggerMessage(EventIds.ServerLost, LogLevel.Warning, "No tunnel: {Reason}; trying again in {Seconds:0.0} s")]
    private partial void LogLost(string reason, double seconds);
}
