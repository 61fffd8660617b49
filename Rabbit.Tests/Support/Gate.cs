using System.Net;
using System.Net.Sockets;

namespace Rabbit.Tests.Support;

/// <summary>
/// A port before another that records what goes through and can be shut: then nothing passes and nothing ends, as with a
/// server that hangs.
/// </summary>
internal sealed class Gate : IAsyncDisposable
{
    private readonly LocalService _service;
    private readonly List<List<byte>> _recorded = [];
    private TaskCompletionSource _open = new();

    public Gate(EndPoint target)
    {
        _open.SetResult();
        _service = new LocalService((socket, cancellationToken) => RelayAsync(socket, target, cancellationToken));
    }

    public int Port => _service.Port;

    /// <summary>What clients have sent so far, a list of bytes for each connection.</summary>
    public IReadOnlyList<byte[]> Recorded
    {
        get
        {
            lock (_recorded)
                return [.. _recorded.Select(bytes => bytes.ToArray())];
        }
    }

    public void Shut() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _open.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        Open();
        await _service.DisposeAsync();
    }

    private async Task RelayAsync(Socket client, EndPoint target, CancellationToken cancellationToken)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await _open.Task.WaitAsync(cancellationToken);
        await server.ConnectAsync(target, cancellationToken);
        var record = new List<byte>();
        lock (_recorded)
            _recorded.Add(record);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] lanes = [CopyAsync(client, server, record, both.Token), CopyAsync(server, client, null, both.Token)];
        await Task.WhenAny(lanes);
        await both.CancelAsync();
        await Task.WhenAll(lanes);
    }

    private async Task CopyAsync(Socket from, Socket to, List<byte>? record, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, cancellationToken)) > 0)
            {
                await _open.Task.WaitAsync(cancellationToken);
                if (record is not null)
                {
                    lock (_recorded)
                        record.AddRange(buffer.AsSpan(0, read));
                }
                await to.SendAllAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // One end has gone, and the other goes with it.
        }
    }
}
