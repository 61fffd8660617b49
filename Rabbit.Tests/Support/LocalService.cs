using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rabbit.Tests.Support;

/// <summary>A service behind a tunnel, on a real socket; each connection runs the given conversation.</summary>
internal sealed class LocalService : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Socket, CancellationToken, Task> _conversation;
    private readonly Task _accepting;
    private int _connections;

    /// <param name="conversation">What is said on each connection, which is closed afterwards.</param>
    public LocalService(Func<Socket, CancellationToken, Task> conversation)
    {
        _conversation = conversation;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(4096);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Connections so far; tunnel-client makes one when it starts and others later, to see whether the service is there.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Sends back what it gets, and closes its direction when the other does.</summary>
    public static LocalService Echo() => new(async (socket, cancellationToken) =>
    {
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = await socket.ReceiveAsync(buffer, cancellationToken)) > 0)
            await socket.SendAllAsync(buffer.AsMemory(0, read), cancellationToken);
        socket.Shutdown(SocketShutdown.Send);
    });

    /// <summary>Speaks before it is spoken to: sends the bytes, then closes its direction and reads to the end.</summary>
    public static LocalService SpeaksFirst(byte[] greeting) => new(async (socket, cancellationToken) =>
    {
        await socket.SendAllAsync(greeting, cancellationToken);
        socket.Shutdown(SocketShutdown.Send);
        await socket.ReadToEndAsync(cancellationToken);
    });

    /// <summary>A web server of one page.</summary>
    public static LocalService Http(string page) => new(async (socket, cancellationToken) =>
    {
        var request = new StringBuilder();
        byte[] buffer = new byte[4096];
        while (!request.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            int read = await socket.ReceiveAsync(buffer, cancellationToken);
            if (read == 0)
                return;
            request.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }
        await socket.SendAllAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {page.Length}\r\nConnection: close\r\n\r\n{page}"),
            cancellationToken);
        socket.Shutdown(SocketShutdown.Send);
        await socket.ReadToEndAsync(cancellationToken);
    });

    /// <summary>A port on which nothing listens.</summary>
    public static int RefusingPort() => ReservedPorts.Take(1);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                running.Add(ServeAsync(socket));
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
        await Task.WhenAll(running);
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                socket.NoDelay = true;
                await _conversation(socket, _stop.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The visitor has left; whoever looks at the other end of this connection asserts.
            }
        }
    }
}
