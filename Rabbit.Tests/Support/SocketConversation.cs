using System.Net;
using System.Net.Sockets;
using System.Text;
using Rabbit.Protocol.Transport;
using Xunit;
using Xunit.Sdk;

namespace Rabbit.Tests.Support;

/// <summary>What tests say and hear on bare sockets.</summary>
internal static class SocketConversation
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Connects to a port of this machine, from an address of its own or from another of 127.0.0.0/8.</summary>
    public static async Task<Socket> ConnectAsync(int port, IPAddress? from = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (from is not null)
                socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), TestContext.Current.CancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static async Task SendAllAsync(this Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, cancellationToken)..];
    }

    public static Task SendAllAsync(this Socket socket, string text) =>
        socket.SendAllAsync(Encoding.ASCII.GetBytes(text), TestContext.Current.CancellationToken);

    /// <summary>Everything until the peer closes its direction.</summary>
    /// <exception cref="SocketException">The peer resets the connection.</exception>
    public static async Task<byte[]> ReadToEndAsync(this Socket socket, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = await socket.ReceiveAsync(buffer, cancellationToken)) > 0)
            await all.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        return all.ToArray();
    }

    /// <summary>Everything until the peer closes its direction, which must happen in time.</summary>
    public static Task<byte[]> ReadToEndAsync(this Socket socket, TimeSpan? timeout = null) =>
        InTimeAsync(token => socket.ReadToEndAsync(token), timeout, "the peer to close its direction");

    /// <summary>Exactly so many bytes; fails at an early end.</summary>
    public static Task<byte[]> ReadExactlyAsync(this Socket socket, int count, TimeSpan? timeout = null) =>
        ReadExactlyAsync((buffer, token) => socket.ReceiveAsync(buffer, token), count, timeout);

    /// <summary>Exactly so many bytes, those that came with a handshake first.</summary>
    public static Task<byte[]> ReadExactlyAsync(this RelayEnd end, int count, TimeSpan? timeout = null) =>
        ReadExactlyAsync(end.ReceiveAsync, count, timeout);

    /// <summary>Reads until the connection ends; true when it ended with a reset.</summary>
    public static Task<bool> EndsWithResetAsync(this Socket socket, TimeSpan? timeout = null) => InTimeAsync(async token =>
    {
        try
        {
            await socket.ReadToEndAsync(token);
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }, timeout, "the connection to end");

    /// <summary>Closes with a reset.</summary>
    public static void Reset(this Socket socket)
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
    }

    private static Task<byte[]> ReadExactlyAsync(
        Func<Memory<byte>, CancellationToken, ValueTask<int>> receive, int count, TimeSpan? timeout) => InTimeAsync(async token =>
    {
        byte[] bytes = new byte[count];
        for (int have = 0; have < count;)
        {
            int read = await receive(bytes.AsMemory(have), token);
            if (read == 0)
                throw new XunitException($"The connection ended after {have} of {count} bytes: {Encoding.Latin1.GetString(bytes, 0, have)}");
            have += read;
        }
        return bytes;
    }, timeout, $"{count} bytes");

    private static async Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> act, TimeSpan? timeout, string what)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(timeout ?? Patience);
        try
        {
            return await act(deadline.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new XunitException($"Waited {(timeout ?? Patience).TotalSeconds:0.#} s in vain for {what}.");
        }
    }
}
