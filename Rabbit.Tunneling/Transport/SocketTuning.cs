using System.Net.Sockets;

namespace Rabbit.Tunneling.Transport;

/// <summary>Socket options by which the kernel notices a peer that has vanished (tcp(7)).</summary>
internal static class SocketTuning
{
    private const int IpProtoTcp = 6;
    private const int TcpDeferAccept = 9;
    private const int TcpUserTimeout = 18;
    private const int SecondsWithoutBytes = 5;

    /// <summary>Makes the kernel probe an idle connection, and give it up after about two minutes without an answer.</summary>
    public static void ProbeIdlePeers(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 15);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 4);
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
    /// Gives up a connection when sent bytes stay unacknowledged, or an idle one's probes unanswered, for about
    /// <paramref name="deadAfter"/>.
    /// </summary>
    public static void DetectDeadPeer(Socket socket, TimeSpan deadAfter)
    {
        int probes = 3;
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
}
