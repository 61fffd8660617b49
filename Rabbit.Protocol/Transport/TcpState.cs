using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Rabbit.Protocol.Transport;

/// <summary>What the kernel knows of a connection and its acknowledgements: part of TCP_INFO (tcp(7), struct tcp_info in linux/tcp.h).</summary>
/// <param name="Retransmits">How often in a row the oldest bytes under way were sent again, without an answer.</param>
/// <param name="Probes">How many probes of a closed window, or of an idle connection, are unanswered.</param>
/// <param name="InFlight">Segments sent and not acknowledged.</param>
/// <param name="SinceLastAck">Time since the peer acknowledged anything, be it a probe.</param>
public readonly record struct TcpState(int Retransmits, int Probes, uint InFlight, TimeSpan SinceLastAck)
{
    private const int IpProtoTcp = 6;
    private const int TcpInfo = 11;
    private const int Length = 60;
    private const byte Close = 7; // TCP_CLOSE and TCP_CLOSE_WAIT of linux/tcp_states.h
    private const byte CloseWait = 8;

    /// <summary>How the connection stands.</summary>
    public TcpConnection Connection { get; init; }

    /// <summary>Reads it; false where the system has none, or the socket is closed.</summary>
    public static bool TryRead(Socket socket, out TcpState state)
    {
        state = default;
        if (!OperatingSystem.IsLinux() || socket.AddressFamily == AddressFamily.Unix)
            return false;
        Span<byte> info = stackalloc byte[Length];
        try
        {
            if (socket.GetRawSocketOption(IpProtoTcp, TcpInfo, info) < Length)
                return false;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
        state = new TcpState(
            info[2], info[3], MemoryMarshal.Read<uint>(info[24..]), TimeSpan.FromMilliseconds(MemoryMarshal.Read<uint>(info[56..])))
        {
            Connection = info[0] switch { Close => TcpConnection.Closed, CloseWait => TcpConnection.EndedByPeer, _ => TcpConnection.Other },
        };
        return true;
    }
}
