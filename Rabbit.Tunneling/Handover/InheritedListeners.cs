using System.Net;
using System.Net.Sockets;

namespace Rabbit.Tunneling.Handover;

/// <summary>
/// Listening sockets that were there before this process: handed over by the server before it, or kept by systemd. Whoever would bind
/// an address takes the socket that has it already; connections that wait in it are served. Any thread may call.
/// </summary>
public sealed class InheritedListeners : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<(string Name, Socket Socket)> _sockets = [];

    /// <summary>How many nobody has taken.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _sockets.Count;
        }
    }

    /// <summary>Takes up a descriptor; closes it when it is not a listening TCP socket.</summary>
    public void Add(string name, int descriptor)
    {
        var handle = new SafeSocketHandle(descriptor, ownsHandle: true);
        Socket socket;
        try
        {
            socket = new Socket(handle);
            if (socket is not { SocketType: SocketType.Stream, LocalEndPoint: IPEndPoint } || !IsListening(socket))
                throw new SocketException((int)SocketError.NotSocket);
        }
        catch (SocketException)
        {
            handle.Dispose();
            return;
        }
        lock (_lock)
            _sockets.Add((name, socket));
    }

    /// <summary>The socket that listens there, or null. Where any port will do (0), it is the one of this name.</summary>
    public Socket? TryTake(string name, IPEndPoint requested)
    {
        lock (_lock)
        {
            int found = _sockets.FindIndex(one => one.Socket.LocalEndPoint is IPEndPoint bound && bound.Address.Equals(requested.Address)
                && (requested.Port == 0 ? one.Name == name : bound.Port == requested.Port));
            if (found < 0)
                return null;
            Socket socket = _sockets[found].Socket;
            _sockets.RemoveAt(found);
            return socket;
        }
    }

    /// <summary>Closes those that nobody has taken, for nobody will; their names.</summary>
    public IReadOnlyList<string> CloseRest()
    {
        lock (_lock)
        {
            string[] names = [.. _sockets.Select(one => one.Name)];
            _sockets.ForEach(one => one.Socket.Dispose());
            _sockets.Clear();
            return names;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => CloseRest();

    private static bool IsListening(Socket socket)
    {
        const int AcceptConn = 30; // SO_ACCEPTCONN
        Span<byte> value = stackalloc byte[sizeof(int)];
        socket.GetRawSocketOption(1, AcceptConn, value); // SOL_SOCKET
        return BitConverter.ToInt32(value) != 0;
    }
}
