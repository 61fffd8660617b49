using System.Net.Sockets;

namespace Rabbit.Client.Connection;

/// <summary>Socket options by which the kernel notices a peer that has vanished (tcp(7)).</summary>
internal static class SocketTuning
{
    /// <summary>Makes the kernel probe an idle connection, and give it up after about two minutes without an answer.</summary>
    public static void ProbeIdlePeer(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 15);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 4);
    }
}
