using System.Net.Sockets;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Load;

/// <summary>Sends one direction of a stream, chunk by chunk.</summary>
internal static class ContentStream
{
    public const int Chunk = 8 * 1024;

    /// <summary>Sends so many bytes of the seed's content, a chunk each pace.</summary>
    /// <param name="socket">Where to.</param>
    /// <param name="seed">Of the content.</param>
    /// <param name="length">Bytes in all.</param>
    /// <param name="pace">Time between two chunks, or zero.</param>
    /// <param name="sent">Hears of each chunk that the kernel has taken.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task SendAsync(Socket socket, ulong seed, long length, TimeSpan pace, Action<int> sent, CancellationToken cancellationToken)
    {
        byte[] chunk = new byte[Chunk];
        using PeriodicTimer? timer = pace > TimeSpan.Zero ? new PeriodicTimer(pace) : null;
        for (long at = 0; at < length; at += Chunk)
        {
            if (timer is not null)
                await timer.WaitForNextTickAsync(cancellationToken);
            Memory<byte> part = chunk.AsMemory(0, (int)Math.Min(Chunk, length - at));
            Content.Fill(part.Span, seed, at);
            await socket.SendAllAsync(part, cancellationToken);
            sent(part.Length);
        }
    }
}
