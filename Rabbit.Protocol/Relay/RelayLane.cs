using System.Buffers;
using System.Net.Sockets;
using Rabbit.Protocol.Transport;

namespace Rabbit.Protocol.Relay;

/// <summary>One direction of a relay, and the one place where its bytes move.</summary>
/// <param name="source">Where bytes come from.</param>
/// <param name="target">Where they go.</param>
/// <param name="count">Told of every chunk once the target's socket has taken it.</param>
/// <param name="opening">Keeps the first bytes and may stop the lane, or null.</param>
internal sealed class RelayLane(RelayEnd source, RelayEnd target, Action<long> count, RelayOpening? opening = null)
{
    private const int BufferLength = 64 * 1024;

    /// <summary>Bytes after which the thread is given up once, since two fast sockets never make the loop wait.</summary>
    private const int BurstLength = 8 * 1024 * 1024;

    /// <summary>Moves bytes until the source ends or something breaks; holds no buffer while it waits.</summary>
    public async Task<LaneEnd> RunAsync()
    {
        int burst = 0;
        while (true)
        {
            byte[]? buffer = null;
            try
            {
                int received;
                try
                {
                    await source.WaitReadableAsync(opening?.Refused ?? default);
                    buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
                    received = await source.ReceiveAsync(buffer, opening?.Refused ?? default);
                }
                catch (OperationCanceledException)
                {
                    return LaneEnd.Stopped;
                }
                catch (Exception e) when (IsBreak(e))
                {
                    return LaneEnd.SourceBroke;
                }

                opening?.Capture(buffer.AsSpan(0, received));
                try
                {
                    if (received == 0)
                    {
                        await target.ShutdownSendAsync();
                        return LaneEnd.Completed;
                    }
                    await target.SendAsync(buffer.AsMemory(0, received));
                }
                catch (Exception e) when (IsBreak(e))
                {
                    return LaneEnd.TargetBroke;
                }
                count(received);
                burst += received;
            }
            finally
            {
                if (buffer is not null)
                    ArrayPool<byte>.Shared.Return(buffer);
            }

            if (burst >= BurstLength)
            {
                burst = 0;
                await Task.Yield();
            }
        }
    }

    /// <summary>True for what a connection throws that the peer, the network or <see cref="RelayEnd.Abort"/> broke.</summary>
    public static bool IsBreak(Exception e) => e is SocketException or IOException or ObjectDisposedException;
}
