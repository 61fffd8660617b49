using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Rabbit.Protocol.Systemd;
using Rabbit.Tunneling.Handover;

namespace Rabbit.Host.Systemd;

/// <summary>
/// Tells systemd how the server stands, and leaves copies of its listening sockets with it (sd_notify(3)). Where NOTIFY_SOCKET is not set
/// there is nobody to tell, and nothing happens.
/// </summary>
internal sealed partial class ServiceManager : IListenerParking, IDisposable
{
    private const int MonotonicClock = 1; // CLOCK_MONOTONIC

    private readonly Lock _lock = new();
    private readonly Socket? _socket;
    private readonly ILogger<ServiceManager> _logger;

    public ServiceManager(ILogger<ServiceManager> logger)
    {
        _logger = logger;
        _socket = NotifySocket.Open(out string? fault);
        if (fault is not null)
            LogUnheard(fault);
    }

    /// <summary>The server serves; where it has taken over, it is the unit's main process from now on.</summary>
    public void TellReady(bool isSuccessor) => Tell(isSuccessor ? $"MAINPID={Environment.ProcessId}\nREADY=1" : "READY=1");

    /// <summary>A successor is starting, which will say when it is ready.</summary>
    public void TellReloading() => Tell(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={Now()}"));

    /// <summary>The server stops, which may take this long.</summary>
    public void TellStopping(TimeSpan within) =>
        Tell(string.Create(CultureInfo.InvariantCulture, $"STOPPING=1\nEXTEND_TIMEOUT_USEC={(long)within.TotalMicroseconds}"));

    /// <inheritdoc/>
    public void Park(string name, Socket socket) => Tell($"FDSTORE=1\nFDNAME={name}", socket);

    /// <inheritdoc/>
    public void Unpark(string name) => Tell($"FDSTOREREMOVE=1\nFDNAME={name}");

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    private void Tell(string state, Socket? passed = null)
    {
        if (_socket is null)
            return;
        try
        {
            lock (_lock)
                DescriptorPassing.Send(_socket, Encoding.UTF8.GetBytes(state), passed is null ? [] : [(int)passed.SafeHandle.DangerousGetHandle()]);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            LogUnheard(e.Message);
        }
    }

    // As systemd compares it (sd_notify(3), MONOTONIC_USEC).
    private static long Now()
    {
        _ = ReadClock(MonotonicClock, out Moment now);
        return (now.Seconds * 1_000_000) + (now.Nanoseconds / 1000);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ReadClock(int clock, out Moment now);

    [LoggerMessage(EventIds.ServiceManagerUnheard, LogLevel.Warning, "systemd could not be told ({Reason}); see NOTIFY_SOCKET")]
    private partial void LogUnheard(string reason);

    [StructLayout(LayoutKind.Sequential)]
    private struct Moment
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
