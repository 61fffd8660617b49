using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Status;
using Rabbit.Protocol.Systemd;

namespace Rabbit.Client.Systemd;

/// <summary>Tells systemd how the client stands, where it runs as a service (sd_notify(3)).</summary>
internal sealed partial class ServiceManager : IDisposable
{
    private readonly Socket? _socket;
    private readonly ILogger _logger;
    private string? _told;

    public ServiceManager(ILogger logger)
    {
        _logger = logger;
        _socket = NotifySocket.Open(out string? fault);
        if (fault is not null)
            LogUnheard(fault);
    }

    /// <summary>
    /// The settings are taken, and the tunnels are under way. That a server cannot be reached yet is no reason for systemd to give the
    /// service up.
    /// </summary>
    public void TellReady() => Tell("READY=1");

    /// <summary>The client ends.</summary>
    public void TellStopping() => Tell("STOPPING=1");

    /// <summary>What 'systemctl status' shows of it.</summary>
    public void Show(IReadOnlyList<TunnelSnapshot> tunnels)
    {
        if (_socket is null)
            return;
        int live = tunnels.Count(tunnel => tunnel.State == TunnelState.Live);
        string status = $"STATUS={live} of {tunnels.Count} tunnels live";
        if (tunnels.FirstOrDefault(tunnel => tunnel.Reason is not null) is { } troubled)
            status += $"; {troubled.Name ?? troubled.Local}: {troubled.Reason!.ReplaceLineEndings(" ")}";
        if (status != _told)
            Tell(status);
        _told = status;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    private void Tell(string state)
    {
        try
        {
#pragma warning disable RS0030 // A datagram: it does not wait for its receiver.
            _socket?.Send(Encoding.UTF8.GetBytes(state));
#pragma warning restore RS0030
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            LogUnheard(e.Message);
        }
    }

    [LoggerMessage(EventIds.ServiceManagerUnheard, LogLevel.Warning, "systemd could not be told ({Reason}); see NOTIFY_SOCKET")]
    private partial void LogUnheard(string reason);
}
