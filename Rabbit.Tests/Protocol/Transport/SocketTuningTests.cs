using System.Globalization;
using System.Net.Sockets;
using Rabbit.Protocol.Transport;
using Xunit;

namespace Rabbit.Tests.Protocol.Transport;

public sealed class SocketTuningTests
{
    private const int IpProtoTcp = 6;
    private const int TcpNotSentLowWater = 25;

    [Theory]
    [InlineData(64 * 1024)]
    [InlineData(SocketTuning.DefaultBuffer)]
    [InlineData(SocketTuning.MostBuffer)]
    public void BoundBuffers_SomeBytes_BoundsBothDirectionsButNeverCutsTheReceiveBufferOff(int bytes)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        int before = socket.ReceiveBufferSize;
        SocketTuning.BoundBuffers(socket, bytes);
        Assert.Equal(bytes, NotSentLowWater(socket));
        int largest = int.Parse(File.ReadAllText("/proc/sys/net/core/rmem_max"), CultureInfo.InvariantCulture);
        // The kernel doubles what it is asked for, to have room for its own records (socket(7)).
        Assert.Equal(bytes <= largest ? 2 * bytes : before, socket.ReceiveBufferSize);
    }

    [Fact]
    public void BoundBuffers_Zero_LeavesBothToTheKernel()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        (int, int) before = (socket.ReceiveBufferSize, NotSentLowWater(socket));
        SocketTuning.BoundBuffers(socket, 0);
        Assert.Equal(before, (socket.ReceiveBufferSize, NotSentLowWater(socket)));
    }

    [Fact(Timeout = 30_000)]
    public async Task SendWithNextAsync_NothingFollows_ArrivesNevertheless()
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        var (near, far) = (new SocketEnd(pair.Near), new SocketEnd(pair.Far));
        await near.SendWithNextAsync(new byte[5], TestContext.Current.CancellationToken);
        await far.ReceiveExactlyAsync(5);
    }

    [Fact(Timeout = 30_000)]
    public async Task SendWithNextAsync_SomethingFollows_ArrivesWithIt()
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        var (near, far) = (new SocketEnd(pair.Near), new SocketEnd(pair.Far));
        await near.SendWithNextAsync("Accepted"u8.ToArray(), TestContext.Current.CancellationToken);
        await near.SendAsync("hello"u8.ToArray(), TestContext.Current.CancellationToken);
        byte[] together = new byte[100];
        Assert.Equal(13, await far.ReceiveAsync(together, TestContext.Current.CancellationToken));
    }

    private static int NotSentLowWater(Socket socket)
    {
        byte[] value = new byte[sizeof(int)];
        socket.GetRawSocketOption(IpProtoTcp, TcpNotSentLowWater, value);
        return BitConverter.ToInt32(value);
    }
}
