using System.Buffers;
using System.IO.Pipelines;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Legacy;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Xunit;

namespace Rabbit.Tests.Protocol.Transport;

public sealed class DetachableTransportTests
{
    private const int Timeout = 30_000;

    private static readonly byte[] Payload = [.. Enumerable.Range(0, 40).Select(i => (byte)i)];

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Property", "P30")]
    public async Task Detach_BytesBehindTheHandshake_AreHandedOverInAnySegmentation(bool tls)
    {
        byte[] bytes = [.. Frame.Encode(new Ping(1)), .. Payload];
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            using LoopbackPair pair = await LoopbackPair.CreateAsync();
            (RelayEnd near, RelayEnd far) = await EndsAsync(pair, tls);
            var transport = new DetachableTransport(near);
            Task<Frame?> handshake = transport.Input.ReadFrameAsync(100, TestContext.Current.CancellationToken).AsTask();
            await far.SendAsync(bytes.AsMemory(0, cut), TestContext.Current.CancellationToken);
            if (cut >= bytes.Length - Payload.Length)
                await handshake;
            await far.SendAsync(bytes.AsMemory(cut), TestContext.Current.CancellationToken);
            await far.ShutdownSendAsync();

            Assert.Equal(new Ping(1), (await handshake)!.Value.Read<Ping>());
            Assert.Equal(Payload, await transport.Detach().ReceiveToEndAsync());
            await near.DisposeAsync();
            await far.DisposeAsync();
        }
    }

    [Fact(Timeout = Timeout)]
    [Trait("Property", "P30")]
    public async Task Detach_BytesExaminedButNotConsumed_AreHandedOver()
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        var transport = new DetachableTransport(new SocketEnd(pair.Near));
        await pair.Far.SendAsync(Payload, TestContext.Current.CancellationToken);
        ReadResult result = await transport.Input.ReadAtLeastAsync(Payload.Length, TestContext.Current.CancellationToken);
        transport.Input.AdvanceTo(result.Buffer.GetPosition(3), result.Buffer.End);

        RelayEnd end = transport.Detach();
        Assert.True(end.HasUnread);
        Assert.Equal(Payload[3..], await end.ReceiveExactlyAsync(Payload.Length - 3));
        Assert.False(end.HasUnread);
    }

    [Fact(Timeout = Timeout)]
    public async Task Detach_AfterACancelledRead_LosesNothing()
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        var transport = new DetachableTransport(new SocketEnd(pair.Near));
        using var cancellation = new CancellationTokenSource();
        Task<string?> pending = transport.Input.ReadLineAsync(cancellationToken: cancellation.Token).AsTask();
        await pair.Far.SendAsync("DATA"u8.ToArray(), TestContext.Current.CancellationToken);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending);
        await pair.Far.SendAsync(Payload, TestContext.Current.CancellationToken);

        RelayEnd end = transport.Detach();
        byte[] received = await end.ReceiveExactlyAsync(4 + Payload.Length);
        Assert.Equal([.. "DATA"u8, .. Payload], received);
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Detach_AfterThePipeSawTheEnd_TheEndIsSeenAgain(bool tls)
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        (RelayEnd near, RelayEnd far) = await EndsAsync(pair, tls);
        var transport = new DetachableTransport(near);
        await far.SendAsync(Payload, TestContext.Current.CancellationToken);
        await far.ShutdownSendAsync();
        ReadResult result = await transport.Input.ReadAtLeastAsync(Payload.Length + 1, TestContext.Current.CancellationToken);
        Assert.True(result.IsCompleted);
        transport.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);

        RelayEnd end = transport.Detach();
        Assert.Equal(Payload, await end.ReceiveToEndAsync());
        await end.WaitReadableAsync(TestContext.Current.CancellationToken);
        Assert.Empty(await end.ReceiveToEndAsync());
        await far.DisposeAsync();
    }

    [Fact(Timeout = Timeout)]
    public async Task Detach_NeverUsed_TouchesNothing()
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        await pair.Far.SendAsync(Payload, TestContext.Current.CancellationToken);
        var transport = new DetachableTransport(new SocketEnd(pair.Near));
        RelayEnd end = transport.Detach();
        Assert.False(end.HasUnread);
        Assert.True(transport.IsDetached);
        Assert.Throws<ObjectDisposedException>(transport.Detach);
    }

    [Fact(Timeout = Timeout)]
    public async Task Detach_UnflushedOutput_IsRefused()
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        var transport = new DetachableTransport(new SocketEnd(pair.Near));
        transport.Output.Write(Payload);
        Assert.Throws<InvalidOperationException>(transport.Detach);
        await transport.Output.FlushAsync(TestContext.Current.CancellationToken);
        transport.Detach();
        Assert.Equal(Payload, await new SocketEnd(pair.Far).ReceiveExactlyAsync(Payload.Length));
    }

    [Fact]
    public async Task Unread_Twice_ComesOutInOrder()
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        var end = new SocketEnd(pair.Near);
        end.Unread(new ReadOnlySequence<byte>([3, 4]));
        end.Unread(Segments.Cut([1, 2], 1));
        await pair.Far.SendAsync(new byte[] { 5 }, TestContext.Current.CancellationToken);
        Assert.Equal([1, 2, 3, 4, 5], await end.ReceiveExactlyAsync(5));
    }

    private static async Task<(RelayEnd Near, RelayEnd Far)> EndsAsync(LoopbackPair pair, bool tls)
    {
        (RelayEnd near, RelayEnd far) = (new SocketEnd(pair.Near), new SocketEnd(pair.Far));
        return tls ? await TlsPair.AuthenticateAsync(near, far) : (near, far);
    }
}
