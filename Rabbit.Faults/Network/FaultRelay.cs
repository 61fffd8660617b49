using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Network;

/// <summary>
/// A line to another port that can be made bad while it is in use: late, cut into slices, standing still, losing a direction, broken with
/// resets. What it does is in <see cref="Line"/>, for connections that there are and those to come.
/// </summary>
internal sealed class FaultRelay : IAsyncDisposable
{
    private const int QueuedChunks = 64;

    private readonly EndPoint _target;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private CancellationTokenSource _broken = new();

    /// <param name="listen">Where it listens; port 0 takes a free one.</param>
    /// <param name="target">Where it leads to.</param>
    public FaultRelay(IPEndPoint listen, EndPoint target)
    {
        _target = target;
        _listener.Bind(listen);
        _listener.Listen(4096);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>How the line is now.</summary>
    public LineState Line { get; set; } = new();

    /// <summary>Resets all connections that there are.</summary>
    public async Task ResetAsync()
    {
        CancellationTokenSource broken = Interlocked.Exchange(ref _broken, new CancellationTokenSource());
        await broken.CancelAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ResetAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                running.Add(RelayAsync(await _listener.AcceptAsync(_stop.Token), _broken.Token));
                running.RemoveAll(relay => relay.IsCompleted);
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
        await Task.WhenAll(running);
    }

    private async Task RelayAsync(Socket caller, CancellationToken broken)
    {
        using var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        caller.NoDelay = true;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(broken);
        try
        {
            await target.ConnectAsync(_target, ended.Token);
            await Task.WhenAll(CarryAsync(caller, target, isThere: true, ended), CarryAsync(target, caller, isThere: false, ended));
            caller.Dispose();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // One end, or the line, has broken, and the other end sees it as such.
            target.Reset();
            caller.Reset();
        }
    }

    /// <summary>One direction: what is received waits for its time, and is sent in slices.</summary>
    private async Task CarryAsync(Socket from, Socket to, bool isThere, CancellationTokenSource ended)
    {
        var chunks = Channel.CreateBounded<(byte[] Bytes, long At)>(QueuedChunks);
        Task sending = SendAsync(chunks.Reader, to, isThere, ended);
        byte[] buffer = new byte[64 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, ended.Token)) > 0)
                await chunks.Writer.WriteAsync((buffer[..read], TimeProvider.System.GetTimestamp()), ended.Token);
            chunks.Writer.Complete();
            await sending;
        }
        catch
        {
            await ended.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private async Task SendAsync(ChannelReader<(byte[] Bytes, long At)> chunks, Socket to, bool isThere, CancellationTokenSource ended)
    {
        try
        {
            await foreach (var (bytes, at) in chunks.ReadAllAsync(ended.Token))
            {
                LineState line = Line;
                TimeSpan due = line.Delay - TimeProvider.System.GetElapsedTime(at);
                if (due > TimeSpan.Zero)
                    await Task.Delay(due, ended.Token);
                await Line.Moving.WaitAsync(ended.Token);
                if (isThere ? line.LosesThere : line.LosesBack)
                    continue;
                int slice = line.Slice ?? bytes.Length;
                for (int start = 0; start < bytes.Length; start += slice)
                    await to.SendAllAsync(bytes.AsMemory(start, Math.Min(slice, bytes.Length - start)), ended.Token);
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            await ended.CancelAsync();
            throw;
        }
    }
}
