using System.Buffers;
using Rabbit.Protocol.Transport;

namespace Rabbit.Protocol.Relay;

/// <summary>A lane between any two ends, through a pooled buffer: for TLS, and where the kernel cannot splice.</summary>
internal sealed class BufferLane(RelayEnd source, RelayEnd target, LaneCounter counter, RelayOpening? opening) : RelayLane
{
    private const int BufferLength = 64 * 1024;

    /// <inheritdoc/>
    public override async Task<LaneEnd> RunAsync()
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
                    if (opening is { Room: 0 } && !await opening.Decision)
                        return LaneEnd.Stopped;
                    await source.WaitReadableAsync(opening?.Refused ?? default);
                    buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
                    received = await source.ReceiveAsync(
                        opening is null ? buffer : buffer.AsMemory(0, Math.Min(buffer.Length, opening.Room)), opening?.Refused ?? default);
                    if (received == 0 && source.EndIsReset)
                        return LaneEnd.SourceBroke;
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
                counter.Add(received);
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
}
