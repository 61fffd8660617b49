using System.Net;
using System.Net.Sockets;
using System.Text;
using Rabbit.Faults.History;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Load;

/// <summary>One visitor of a tunnel: has its conversation, checks every byte, and goes on record with what it saw.</summary>
internal sealed class Visitor(LoadTunnel tunnel, RunHistory history)
{
    private static readonly string[] OfflineAnswers = ["HTTP/1.1 502", "HTTP/1.1 503", "HTTP/1.1 504"];

    private readonly int _number = history.NextNumber();
    private readonly byte[] _buffer = new byte[64 * 1024];
    private long _sent;
    private long _received;

    /// <summary>Bytes that have arrived so far.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Asks once.</summary>
    public Task<Visit> AskAsync(int bytes, TimeSpan patience) => VisitAsync(
        new VisitRequest(tunnel.Service.SpeaksFirst ? VisitKind.ServerFirst : VisitKind.Brief, _number, bytes, 0), patience, Task.CompletedTask);

    /// <summary>Streams so many bytes each way, a chunk each pace.</summary>
    public Task<Visit> StreamAsync(long bytes, TimeSpan pace, TimeSpan patience) => VisitAsync(
        new VisitRequest(VisitKind.Stream, _number, bytes, (int)pace.TotalMilliseconds), patience, Task.CompletedTask);

    /// <summary>Is silent until it is told to ask for the rest.</summary>
    public Task<Visit> IdleAsync(int bytes, TimeSpan patience, Task ask) => VisitAsync(new VisitRequest(VisitKind.Idle, _number, bytes, 0), patience, ask);

    private async Task<Visit> VisitAsync(VisitRequest request, TimeSpan patience, Task ask)
    {
        TimeSpan began = history.Add($"visitor {_number}", $"{request.Kind} port {tunnel.Port}", "begins");
        using var deadline = new CancellationTokenSource(patience);
        using Socket socket = tunnel.MakeSocket();
        socket.NoDelay = true;
        int localPort = 0;
        var (outcome, detail) = (VisitOutcome.Served, "");
        try
        {
            await socket.ConnectAsync(tunnel.Visitors, deadline.Token);
            localPort = ((IPEndPoint)socket.LocalEndPoint!).Port;
            (outcome, detail) = await ConverseAsync(socket, request, ask, deadline.Token);
        }
        catch (OperationCanceledException)
        {
            (outcome, detail) = (VisitOutcome.TimedOut, localPort == 0 ? "not connected" : "");
        }
        catch (CorruptException e)
        {
            (outcome, detail) = (VisitOutcome.Corrupt, e.Message);
        }
        catch (SocketException e)
        {
            (outcome, detail) = (localPort == 0 && e.SocketErrorCode == SocketError.ConnectionRefused ? VisitOutcome.Refused : VisitOutcome.Reset, e.SocketErrorCode.ToString());
        }
        var visit = new Visit(_number, request.Kind, tunnel.Port, localPort, began, history.Now, outcome, Volatile.Read(ref _sent), _received, detail);
        history.Add(visit);
        return visit;
    }

    private async Task<(VisitOutcome Outcome, string Detail)> ConverseAsync(Socket socket, VisitRequest request, Task ask, CancellationToken cancellationToken)
    {
        int service = tunnel.Service.Number;
        byte[] answer = request.Answer(service);
        if (tunnel.Service.SpeaksFirst && await ReadStartAsync(socket, tunnel.Service.Greeting, cancellationToken) is { } noGreeting)
            return noGreeting;
        await SendAsync(socket, request.Encode(), cancellationToken);
        Task sending = Task.CompletedTask;
        if (request.Kind == VisitKind.Stream)
        {
            sending = ContentStream.SendAsync(
                socket, Content.SeedOf(service, _number, isFromVisitor: true), request.Bytes, TimeSpan.FromMilliseconds(request.Pace),
                count => Interlocked.Add(ref _sent, count), cancellationToken);
        }
        else if (request.Kind != VisitKind.Idle)
        {
            socket.Shutdown(SocketShutdown.Send);
        }

        try
        {
            if (await ReadStartAsync(socket, answer, cancellationToken) is { } noAnswer)
                return noAnswer;
            if (request.Kind == VisitKind.Idle)
            {
                await ask.WaitAsync(cancellationToken);
                await SendAsync(socket, "?"u8.ToArray(), cancellationToken);
            }
            return await ReadContentAsync(socket, service, request, sending, cancellationToken);
        }
        finally
        {
            if (!sending.IsCompleted)
                socket.Dispose(); // It would wait for ever to be read.
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<(VisitOutcome Outcome, string Detail)> ReadContentAsync(
        Socket socket, int service, VisitRequest request, Task sending, CancellationToken cancellationToken)
    {
        using var check = new ContentCheck(Content.SeedOf(service, _number, isFromVisitor: false));
        while (check.Count < request.Bytes)
        {
            int read = await ReceiveAsync(socket, _buffer.AsMemory(0, (int)Math.Min(_buffer.Length, request.Bytes - check.Count)), cancellationToken);
            if (read == 0)
                return (VisitOutcome.Cut, $"{check.Count} of {request.Bytes} bytes");
            check.Add(_buffer.AsSpan(0, read));
        }
        if (request.Kind == VisitKind.Stream)
        {
            if (check.Hash != ContentCheck.HashOf(Content.SeedOf(service, _number, isFromVisitor: false), request.Bytes))
                throw new CorruptException("the hash of what came is wrong");
            await sending;
            string hash = ContentCheck.HashOf(Content.SeedOf(service, _number, isFromVisitor: true), request.Bytes);
            if (await ReadStartAsync(socket, Encoding.ASCII.GetBytes(hash), cancellationToken) is { } noHash)
                return noHash;
        }
        // Whatever more there is belongs to somebody else.
        if (await ReceiveAsync(socket, _buffer, cancellationToken) is > 0 and var more)
            throw new CorruptException($"{more} bytes behind the end");
        return (VisitOutcome.Served, "");
    }

    /// <summary>Reads exactly these bytes; what it is otherwise, or null when they are there.</summary>
    private async Task<(VisitOutcome Outcome, string Detail)?> ReadStartAsync(Socket socket, byte[] expected, CancellationToken cancellationToken)
    {
        int have = 0;
        while (have < expected.Length)
        {
            int read = await ReceiveAsync(socket, _buffer.AsMemory(have, expected.Length - have), cancellationToken);
            if (read == 0)
                return IsOffline(have) ?? (have == 0 || expected.AsSpan().StartsWith(_buffer.AsSpan(0, have)) ? (VisitOutcome.Cut, $"{have} of {expected.Length} bytes") : Corrupt(have));
            have += read;
            if (!expected.AsSpan().StartsWith(_buffer.AsSpan(0, have)) && have >= OfflineAnswers[0].Length)
            {
                if (IsOffline(have) is not { } offline)
                    return Corrupt(have);
                while (await ReceiveAsync(socket, new byte[1024], cancellationToken) > 0)
                {
                    // The rest of what the server has to say.
                }
                return offline;
            }
        }
        return expected.AsSpan().SequenceEqual(_buffer.AsSpan(0, have)) ? null : Corrupt(have);
    }

    private (VisitOutcome Outcome, string Detail)? IsOffline(int have)
    {
        string start = Encoding.Latin1.GetString(_buffer, 0, Math.Min(have, OfflineAnswers[0].Length));
        return OfflineAnswers.Contains(start) ? (VisitOutcome.Offline, start[^3..]) : null;
    }

    private (VisitOutcome Outcome, string Detail) Corrupt(int have) =>
        throw new CorruptException($"'{Encoding.Latin1.GetString(_buffer, 0, Math.Min(have, 100))}'");

    private async Task<int> ReceiveAsync(Socket socket, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read = await socket.ReceiveAsync(buffer, cancellationToken);
        Volatile.Write(ref _received, _received + read);
        return read;
    }

    private async Task SendAsync(Socket socket, byte[] bytes, CancellationToken cancellationToken)
    {
        await socket.SendAllAsync(bytes, cancellationToken);
        Interlocked.Add(ref _sent, bytes.Length);
    }
}
