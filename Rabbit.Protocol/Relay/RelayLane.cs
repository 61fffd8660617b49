using System.Buffers;
using System.Net.Sockets;
using Rabbit.Protocol.Transport;

namespace Rabbit.Protocol.Relay;

/// <summary>One direction of a relay: from <paramref name="source"/> to <paramref name="target"/>.</summary>
/// <param name="source">Where bytes come from.</param>
/// <param name="target">Where they go.</param>
/// <param name="count">Told of every chunk that the target's socket took.</param>
internal sealed class RelayLane(RelayEnd source, RelayEnd target, Action<long> count)
{
    private const int BufferLength = 64 * 1024;

    /// <summary>Moves bytes until the source ends or something breaks; holds no buffer while it waits.</summary>
    public async Task<LaneEnd> RunAsync()
    {
        while (true)
        {
            byte[]? buffer = null;
            try
            {
                int received;
                try
                {
                    await source.WaitReadableAsync();
                    buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
                    received = await source.ReceiveAsync(buffer);
                }
                catch (Exception e) when (IsBroken(e))
                {
                    return LaneEnd.SourceBroke;
                }

                try
                {
                    if (received == 0)
                    {
                        await target.ShutdownSendAsync();
                        return LaneEnd.Completed;
                    }
                    await target.SendAsync(buffer.AsMemory(0, received));
                }
                catch (Exception e) when (IsBroken(e))
                {
                    return LaneEnd.TargetBroke;
                }
                count(received);
            }
            finally
            {
                if (buffer is not null)
                    ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private static bool IsBroken(Exception e) => e is SocketException or IOException or ObjectDisposedException;
}
