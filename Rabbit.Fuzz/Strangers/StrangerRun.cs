using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Rabbit.Protocol.Frames;

namespace Rabbit.Fuzz.Strangers;

/// <summary>
/// Connects to a control port of this machine again and again as those do who cannot log in, from a million addresses of 127.0.0.0/8
/// and, one in ten, from fifty that are soon kept out. Nobody may be let in, and every connection must end. At most so many begin in a
/// second as the rate says.
/// </summary>
internal sealed class StrangerRun(int port, int count, int rate, int seed, IReadOnlyList<byte[]> corpus)
{
    private const int QuickAtOnce = 64;
    private const int SlowAtOnce = 400;
    private const int OneInSoManyIsSlow = 50;
    private const int OneInSoManyIsNotorious = 10;
    private const int Notorious = 50;

    // A handshake has ten seconds; the rest is for a machine that is busy.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly long _started = Stopwatch.GetTimestamp();
    private int _begun;
    private int _made;
    private int _letIn;
    private int _endless;

    /// <summary>Runs to the end; false when one was let in, or not turned away.</summary>
    public async Task<bool> RunAsync()
    {
        int slow = count / OneInSoManyIsSlow;
        await Task.WhenAll(
        [
            .. Enumerable.Range(0, QuickAtOnce).Select(worker => RunAsync(worker, Share(count - slow, QuickAtOnce, worker), isSlow: false)),
            .. Enumerable.Range(0, SlowAtOnce).Select(worker => RunAsync(QuickAtOnce + worker, Share(slow, SlowAtOnce, worker), isSlow: true)),
        ]);
        Console.WriteLine($"strangers: {_made} connections in {Stopwatch.GetElapsedTime(_started).TotalSeconds:0.0} s, "
            + $"{slow} of them slow; {_letIn} let in, {_endless} not ended");
        return _letIn + _endless == 0;
    }

    private async Task RunAsync(int worker, int connections, bool isSlow)
    {
        var words = new StrangerWords(corpus, seed + worker);
        for (int i = 0; i < connections; i++)
        {
            await WaitForTurnAsync();
            try
            {
                using var deadline = new CancellationTokenSource(Longest);
                await ConnectAsync(words, isSlow ? StrangerKind.Slow : words.NextKind(), deadline.Token);
            }
            catch (SocketException)
            {
                // Turned away, in one way or another.
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref _endless);
            }
            Interlocked.Increment(ref _made);
        }
    }

    private async Task WaitForTurnAsync()
    {
        TimeSpan turn = TimeSpan.FromSeconds((double)Interlocked.Increment(ref _begun) / rate) - Stopwatch.GetElapsedTime(_started);
        if (turn > TimeSpan.Zero)
            await Task.Delay(turn);
    }

    private async Task ConnectAsync(StrangerWords words, StrangerKind kind, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(true, 0) };
        socket.Bind(new IPEndPoint(Address(words), 0));
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
        byte[] said = words.Next(kind);
        switch (kind)
        {
            case StrangerKind.Reset:
                await socket.SendAsync(said, cancellationToken);
                return;
            case StrangerKind.Slow:
                await DripAsync(socket, said, words, cancellationToken);
                return;
            case StrangerKind.Random or StrangerKind.Mutated or StrangerKind.Truncated:
                int cut = words.Number(said.Length + 1);
                await SendAsync(socket, said.AsMemory(0, cut), cancellationToken);
                await SendAsync(socket, said.AsMemory(cut), cancellationToken);
                socket.Shutdown(SocketShutdown.Send);
                break;
            default:
                await SendAsync(socket, said, cancellationToken);
                break;
        }
        await ReadToEndAsync(socket, cancellationToken);
    }

    // Until the server has had enough.
    private async Task DripAsync(Socket socket, byte[] said, StrangerWords words, CancellationToken cancellationToken)
    {
        Task ended = ReadToEndAsync(socket, cancellationToken);
        for (int i = 0; !ended.IsCompleted; i++)
        {
            if (i < said.Length - 1)
                await SendAsync(socket, said.AsMemory(i, 1), cancellationToken);
            await Task.WhenAny(ended, Task.Delay(TimeSpan.FromMilliseconds(500 + words.Number(2000)), cancellationToken));
        }
        await ended;
    }

    private async Task ReadToEndAsync(Socket socket, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1024];
        bool isFirst = true;
        int read;
        while ((read = await socket.ReceiveAsync(buffer, cancellationToken)) > 0)
        {
            // Its length, which is short, and what it is; or the legacy answer.
            if (isFirst && (buffer.AsSpan(0, read) is [0, 0, _, _, (byte)FrameType.ServerHello, ..] || buffer.AsSpan(0, read).StartsWith("SUCCESS"u8)))
                Interlocked.Increment(ref _letIn);
            isFirst = false;
        }
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, cancellationToken)..];
    }

    private static IPAddress Address(StrangerWords words) => words.Number(OneInSoManyIsNotorious) == 0
        ? new IPAddress([127, 15, 0, (byte)(1 + words.Number(Notorious))])
        : new IPAddress([127, (byte)(16 + words.Number(16)), (byte)words.Number(256), (byte)(1 + words.Number(254))]);

    private static int Share(int whole, int parts, int part) => (whole / parts) + (part < whole % parts ? 1 : 0);
}
