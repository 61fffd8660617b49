using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Rabbit.Tests.Protocol.Transport;

/// <summary>Two connected sockets on loopback.</summary>
internal sealed class LoopbackPair : IDisposable
{
    private LoopbackPair(Socket near, Socket far) => (Near, Far) = (near, far);

    public Socket Near { get; }

    public Socket Far { get; }

    /// <param name="bufferLength">Size of the kernel's buffers, 0 for its own choice.</param>
    public static async Task<LoopbackPair> CreateAsync(int bufferLength = 0)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (bufferLength > 0)
            listener.ReceiveBufferSize = listener.SendBufferSize = near.ReceiveBufferSize = near.SendBufferSize = bufferLength;
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        await near.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        Socket far = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        return new LoopbackPair(near, far);
    }

    public void Dispose()
    {
        Near.Dispose();
        Far.Dispose();
    }
}
