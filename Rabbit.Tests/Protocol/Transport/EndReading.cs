using System.Buffers;
using System.Net.Sockets;
using Rabbit.Protocol.Transport;
using Xunit;

namespace Rabbit.Tests.Protocol.Transport;

/// <summary>What tests read from and expect of an end.</summary>
internal static class EndReading
{
    /// <summary>Receives exactly that many bytes.</summary>
    public static async Task<byte[]> ReceiveExactlyAsync(this RelayEnd end, int count)
    {
        byte[] bytes = new byte[count];
        int received = 0;
        while (received < count)
        {
            int n = await end.ReceiveAsync(bytes.AsMemory(received), TestContext.Current.CancellationToken);
            Assert.True(n > 0, $"The end came after {received} of {count} bytes.");
            received += n;
        }
        return bytes;
    }

    /// <summary>Receives until the peer's orderly end.</summary>
    public static async Task<byte[]> ReceiveToEndAsync(this RelayEnd end)
    {
        var bytes = new ArrayBufferWriter<byte>();
        int n;
        while ((n = await end.ReceiveAsync(bytes.GetMemory(16 * 1024), TestContext.Current.CancellationToken)) > 0)
            bytes.Advance(n);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Receives until the connection breaks, which has to be a reset and not an end.</summary>
    public static async Task AssertResetAsync(this RelayEnd end)
    {
        Exception? e = await Assert.ThrowsAnyAsync<Exception>(end.ReceiveToEndAsync);
        while (e is not null and not SocketException)
            e = e.InnerException;
        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(e).SocketErrorCode);
    }
}
