using System.Net.Sockets;
using System.Text;
using Rabbit.Faults.History;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Load;

/// <summary>
/// The local service of one tunnel: gives each visitor content that is its own and no other's, and checks what it is sent. The
/// conversations are those of <see cref="VisitKind"/>.
/// </summary>
internal sealed class ContentService : IAsyncDisposable
{
    private const int MaximumRequest = 1024;

    private static int _numbers;

    private readonly RunHistory _history;
    private readonly LocalService _service;

    /// <param name="history">Hears of corrupt bytes.</param>
    /// <param name="speaksFirst">True for a service that greets before it is asked anything.</param>
    public ContentService(RunHistory history, bool speaksFirst = false)
    {
        _history = history;
        SpeaksFirst = speaksFirst;
        _service = new LocalService(ConverseAsync);
    }

    /// <summary>Part of all that it says.</summary>
    public int Number { get; } = Interlocked.Increment(ref _numbers);

    public bool SpeaksFirst { get; }

    public int Port => _service.Port;

    /// <summary>How a service that speaks first begins.</summary>
    public byte[] Greeting => Encoding.ASCII.GetBytes($"220 service {Number} is ready\r\n");

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    private async Task ConverseAsync(Socket socket, CancellationToken cancellationToken)
    {
        if (SpeaksFirst)
            await socket.SendAllAsync(Greeting, cancellationToken);
        if (await ReadRequestAsync(socket, cancellationToken) is not { } request)
            return;
        ulong seed = Content.SeedOf(Number, request.Visitor, isFromVisitor: false);
        await socket.SendAllAsync(request.Answer(Number), cancellationToken);
        switch (request.Kind)
        {
            case VisitKind.Stream:
                await StreamAsync(socket, request, seed, cancellationToken);
                break;
            case VisitKind.Idle:
                // Until the visitor says something again, or leaves.
                if (await socket.ReceiveAsync(new byte[1], cancellationToken) == 0)
                    return;
                goto default;
            default:
                await ContentStream.SendAsync(socket, seed, request.Bytes, TimeSpan.Zero, _ => { }, cancellationToken);
                break;
        }
        socket.Shutdown(SocketShutdown.Send);
        await socket.ReadToEndAsync(cancellationToken);
    }

    private async Task StreamAsync(Socket socket, VisitRequest request, ulong seed, CancellationToken cancellationToken)
    {
        Task sending = ContentStream.SendAsync(socket, seed, request.Bytes, TimeSpan.FromMilliseconds(request.Pace), _ => { }, cancellationToken);
        using var check = new ContentCheck(Content.SeedOf(Number, request.Visitor, isFromVisitor: true));
        byte[] buffer = new byte[64 * 1024];
        try
        {
            int read;
            while (check.Count < request.Bytes && (read = await socket.ReceiveAsync(buffer, cancellationToken)) > 0)
                check.Add(buffer.AsSpan(0, read));
        }
        catch (CorruptException e)
        {
            // The visitor will miss its hash, and be on record as corrupt too.
            _history.Add($"service {Number}", $"visitor {request.Visitor}", $"corrupt: {e.Message}");
        }
        await sending;
        await socket.SendAllAsync(Encoding.ASCII.GetBytes(check.Hash), cancellationToken);
    }

    private static async Task<VisitRequest?> ReadRequestAsync(Socket socket, CancellationToken cancellationToken)
    {
        // Byte by byte: what follows belongs to the stream.
        byte[] request = new byte[MaximumRequest];
        for (int have = 0; have < MaximumRequest; have++)
        {
            if (await socket.ReceiveAsync(request.AsMemory(have, 1), cancellationToken) == 0)
                return null;
            if (request.AsSpan(0, have + 1).EndsWith("\r\n\r\n"u8))
                return VisitRequest.Parse(Encoding.ASCII.GetString(request, 0, have));
        }
        return null;
    }
}
