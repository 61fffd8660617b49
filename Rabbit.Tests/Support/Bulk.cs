using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Rabbit.Tests.Support;

/// <summary>Large amounts of bytes that nowhere repeat, with their SHA-256.</summary>
internal static class Bulk
{
    private const int Chunk = 256 * 1024;

    /// <summary>Sends so many bytes; their hash in hexadecimal.</summary>
    public static async Task<string> SendAsync(Socket socket, long length, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] chunk = new byte[Chunk];
        new Random(1).NextBytes(chunk);
        for (long sent = 0; sent < length; sent += Chunk)
        {
            // The place in the stream at intervals: a chunk lost, doubled or moved changes the hash.
            for (int at = 0; at < Chunk; at += 1024)
                BinaryPrimitives.WriteInt64BigEndian(chunk.AsSpan(at), sent + at);
            ReadOnlyMemory<byte> part = chunk.AsMemory(0, (int)Math.Min(Chunk, length - sent));
            hash.AppendData(part.Span);
            await socket.SendAllAsync(part, cancellationToken);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Receives until the end; the hash in hexadecimal and the number of bytes.</summary>
    public static async Task<(string Hash, long Length)> ReceiveAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[Chunk];
        long length = 0;
        int read;
        while ((read = await socket.ReceiveAsync(buffer, cancellationToken)) > 0)
        {
            hash.AppendData(buffer, 0, read);
            length += read;
        }
        return (Convert.ToHexStringLower(hash.GetHashAndReset()), length);
    }
}
