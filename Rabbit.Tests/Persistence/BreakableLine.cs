using System.Net;
using System.Net.Sockets;

namespace Rabbit.Tests.Persistence;

/// <summary>A line to a server that the test can break and mend: to its callers the server is away, then back on the same port.</summary>
internal sealed class BreakableLine : IAsyncDisposable
{
    private readonly string _host;
    private readonly int _port;
    private readonly List<Task> _relays = [];
    private CancellationTokenSource _broken = new();
    private TcpListener _listener = new(IPAddress.Loopback, 0);
    private Task _accepting;
    private bool _isBroken;

    public BreakableLine(string host, int port)
    {
        (_host, _port) = (host, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync(_listener, _broken.Token);
    }

    public int Port { get; }

    /// <summary>Resets every connection and refuses new ones.</summary>
    public async Task BreakAsync()
    {
        _isBroken = true;
        await _broken.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_relays);
        _relays.Clear();
        _broken.Dispose();
    }

    public void Mend()
    {
        _isBroken = false;
        _broken = new CancellationTokenSource();
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _accepting = AcceptAsync(_listener, _broken.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isBroken)
            await BreakAsync();
        _listener.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener, CancellationToken broken)
    {
        try
        {
            while (true)
                _relays.Add(RelayAsync(await listener.AcceptSocketAsync(broken), broken));
        }
        catch (OperationCanceledException)
        {
            // Broken.
        }
    }

    private async Task RelayAsync(Socket caller, CancellationToken broken)
    {
        using (caller)
        using (var server = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                await server.ConnectAsync(_host, _port, broken);
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(broken);
                await Task.WhenAny(CopyAsync(caller, server, ended), CopyAsync(server, caller, ended));
                await ended.CancelAsync();
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The server is away itself, or the line was broken.
            }
            caller.LingerState = new LingerOption(true, 0);
        }
    }

    private static async Task CopyAsync(Socket from, Socket to, CancellationTokenSource ended)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, ended.Token)) > 0)
                await to.SendAsync(buffer.AsMemory(0, count), ended.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Either end is gone, which ends both directions.
        }
    }
}
