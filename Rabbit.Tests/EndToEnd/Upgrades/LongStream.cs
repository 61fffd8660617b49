using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Upgrades;

/// <summary>A visitor of an echoing service that stays over an upgrade: what comes back is what was sent, byte by byte.</summary>
internal sealed class LongStream : IDisposable
{
    private const int Piece = 1024 * 1024;

    private readonly Socket _socket;
    private readonly IncrementalHash _sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Task<(string Hash, long Length)> _receiving;
    private readonly int _port;
    private long _length;

    private LongStream(Socket socket, int port)
    {
        _socket = socket;
        _port = port;
        _receiving = Bulk.ReceiveAsync(socket, TestContext.Current.CancellationToken);
    }

    /// <summary>As its row must have it.</summary>
    public (int Port, int LocalPort, long Bytes) Visit { get; private set; }

    public static async Task<LongStream> BeginAsync(int port)
    {
        var stream = new LongStream(await SocketConversation.ConnectAsync(port), port);
        await stream.SendAsync();
        return stream;
    }

    /// <summary>Sends a piece that nowhere repeats.</summary>
    public async Task SendAsync()
    {
        byte[] piece = RandomNumberGenerator.GetBytes(Piece);
        _sent.AppendData(piece);
        await _socket.SendAllAsync(piece, TestContext.Current.CancellationToken);
        _length += Piece;
    }

    /// <summary>Ends it, and sees that everything came back.</summary>
    public async Task EndAsync()
    {
        await SendAsync();
        Visit = (_port, ((IPEndPoint)_socket.LocalEndPoint!).Port, _length);
        _socket.Shutdown(SocketShutdown.Send);
        var (hash, length) = await _receiving.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(_length, length);
        Assert.Equal(Convert.ToHexStringLower(_sent.GetHashAndReset()), hash);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _sent.Dispose();
    }
}
