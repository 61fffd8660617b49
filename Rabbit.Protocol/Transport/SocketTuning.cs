using System.Globalization;
using System.Net.Sockets;

namespace Rabbit.Protocol.Transport;

/// <summary>Socket options that the relay's sockets share (tcp(7), socket(7)).</summary>
public static class SocketTuning
{
    private const int IpProtoTcp = 6;
    private const int TcpDeferAccept = 9;
    private const int TcpUserTimeout = 18;
    private const int TcpNotSentLowWater = 25;
    private const int SecondsWithoutBytes = 5;

    /// <summary>What <see cref="BoundBuffers"/> is given unless told otherwise: 4 MiB, a window for 100 MB/s over 40 ms.</summary>
    public const int DefaultBuffer = 4 * 1024 * 1024;

    /// <summary>The largest bound: 64 MiB.</summary>
    public const int MostBuffer = 64 * 1024 * 1024;

    private static readonly long LargestReceiveBuffer = ReadLargestReceiveBuffer();

    /// <summary>Makes the kernel probe an idle connection, and give it up after about two minutes without an answer.</summary>
    public static void ProbeIdlePeers(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 15);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 4);
    }

    /// <summary>
    /// Bounds what the kernel holds of one connection: bytes received that nobody takes yet, and bytes that have not begun
    /// their way to the peer. Set before connecting or listening; accepted connections inherit it.
    /// </summary>
    /// <param name="socket">Not connected yet.</param>
    /// <param name="bytes">
    /// Bytes in each direction, the receive window's upper limit too; 0 leaves both to the kernel, which adapts them up to
    /// net.ipv4.tcp_rmem and tcp_wmem. So does a receive buffer larger than net.core.rmem_max, of which it would cut off most.
    /// </param>
    public static void BoundBuffers(Socket socket, int bytes)
    {
        if (bytes == 0)
            return;
        if (OperatingSystem.IsLinux())
            socket.SetRawSocketOption(IpProtoTcp, TcpNotSentLowWater, BitConverter.GetBytes(bytes));
        if (bytes <= LargestReceiveBuffer)
            socket.ReceiveBufferSize = bytes;
    }

    /// <summary>
    /// Makes the kernel keep a connection to itself until its peer has sent something, or for some seconds (TCP_DEFER_ACCEPT):
    /// it is then read at once, and who says nothing costs no place among the handshakes meanwhile.
    /// </summary>
    public static void AcceptWithFirstBytes(Socket listener)
    {
        if (OperatingSystem.IsLinux())
            listener.SetRawSocketOption(IpProtoTcp, TcpDeferAccept, BitConverter.GetBytes(SecondsWithoutBytes));
    }

    /// <summary>
    /// Gives up a control channel when sent bytes stay unacknowledged, or an idle one's probes unanswered, for about
    /// <paramref name="deadAfter"/> (TCP_USER_TIMEOUT); also one whose peer lives but reads nothing for as long, so that it is not for
    /// relayed streams (docs/reliability.md, "Relayed streams").
    /// </summary>
    /// <param name="socket">Connected.</param>
    /// <param name="deadAfter">From when the path broke, give or take half the time between two probes.</param>
    /// <param name="probes">How many fit into that time: more where nothing else is sent regularly.</param>
    public static void DetectDeadPeer(Socket socket, TimeSpan deadAfter, int probes = 3)
    {
        int seconds = Math.Max(1, (int)(deadAfter.TotalSeconds / probes));
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, seconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, probes);
            if (OperatingSystem.IsLinux())
                socket.SetRawSocketOption(IpProtoTcp, TcpUserTimeout, BitConverter.GetBytes((uint)deadAfter.TotalMilliseconds));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer has left already; whoever reads next finds out.
        }
    }

    private static long ReadLargestReceiveBuffer()
    {
        try
        {
            return OperatingSystem.IsLinux()
                ? long.Parse(File.ReadAllText("/proc/sys/net/core/rmem_max"), CultureInfo.InvariantCulture)
                : long.MaxValue;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return 0;
        }
    }
}
