using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;
using Xunit.Sdk;

namespace Rabbit.Tests.EndToEnd.Upgrades;

/// <summary>
/// Visitors that come one after the other for as long as they are told to, to three tunnels: one echoes, one is a web server, and in one
/// the service speaks first. How each of them fared is counted.
/// </summary>
internal sealed class SteadyVisitors : IAsyncDisposable
{
    private const string Page = "a page";
    private static readonly byte[] Greeting = Encoding.ASCII.GetBytes("220 the service speaks first\r\n");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LocalService _echo = LocalService.Echo();
    private readonly LocalService _web = LocalService.Http(Page);
    private readonly LocalService _first = LocalService.SpeaksFirst(Greeting);
    private readonly List<TunnelClientProcess> _clients = [];
    private readonly ConcurrentQueue<Visit> _visits = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly CancellationTokenSource _stop = new();
    private volatile TaskCompletionSource _present = new();
    private Task _visiting = Task.CompletedTask;
    private int _here;
    private int _refused;
    private int _reset;
    private int _answered503;
    private long _longest;

    public TestToken Echo { get; private set; } = null!;

    public TestToken Web { get; private set; } = null!;

    public TestToken First { get; private set; } = null!;

    /// <summary>Visits that are over.</summary>
    public int Total => _visits.Count + _failures.Count;

    /// <summary>What happened to all of them.</summary>
    public string Summary =>
        $"{Total} visitors: {_refused} refused, {_reset} reset, {_answered503} answered 503, {_failures.Count} failed in all; the longest took {TimeSpan.FromTicks(_longest).TotalSeconds:0.00} s";

    /// <summary>Makes the tunnels and connects their clients.</summary>
    public static async Task<SteadyVisitors> BeginAsync(RabbitProcess server, int each)
    {
        var visitors = new SteadyVisitors
        {
            Echo = await server.CreateTokenAsync(),
            Web = await server.CreateTokenAsync(),
            First = await server.CreateTokenAsync(),
        };
        foreach (var (token, service) in new[] { (visitors.Echo, visitors._echo), (visitors.Web, visitors._web), (visitors.First, visitors._first) })
            visitors._clients.Add(await TunnelClientProcess.ConnectAsync(server, token, service.Port));
        visitors.Resume();
        visitors._visiting = Task.WhenAll(Enumerable.Range(0, each).SelectMany(_ => new[]
        {
            visitors.RepeatAsync(visitors.Echo.Port, VisitEchoAsync), visitors.RepeatAsync(visitors.Web.Port, VisitWebAsync),
            visitors.RepeatAsync(visitors.First.Port, VisitFirstAsync),
        }));
        return visitors;
    }

    /// <summary>Waits until so many more have come and gone.</summary>
    public Task SeeMoreAsync(int more)
    {
        int from = Total;
        return Eventually.BecomesAsync(() => Total, total => total >= from + more, TimeSpan.FromMinutes(2), $"{more} more visitors");
    }

    /// <summary>No more come for now; completes when none is there.</summary>
    public Task PauseAsync()
    {
        _present = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Eventually.BecomesAsync(() => Volatile.Read(ref _here), here => here == 0, Patience, "the visitors have left");
    }

    /// <summary>They come again.</summary>
    public void Resume() => _present.TrySetResult();

    /// <summary>No more come; all that came were served.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _visiting;
        TestContext.Current.TestOutputHelper?.WriteLine(Summary);
        if (!_failures.IsEmpty)
            throw new XunitException($"{Summary}\n{string.Join('\n', _failures.Distinct().Take(20))}");
    }

    /// <summary>Every visit is one row with its bytes, in order closed, and there is no other row but these.</summary>
    public async Task AssertRowsAsync(Installation installation, params (int Port, int LocalPort, long Bytes)[] streams)
    {
        foreach (int port in new[] { Echo.Port, Web.Port, First.Port })
        {
            (int LocalPort, long Sent, long Received)[] expected =
            [
                .. _visits.Where(visit => visit.Port == port).Select(visit => (visit.LocalPort, visit.Sent, visit.Received))
                    .Concat(streams.Where(stream => stream.Port == port).Select(stream => (stream.LocalPort, stream.Bytes, stream.Bytes))).Order(),
            ];
            List<ConnectionLogRow> rows = await Eventually.BecomesAsync(
                () => installation.VisitsAsync(port), rows => rows.Count >= expected.Length && rows.TrueForAll(row => row.Status != ConnectionStatus.Active),
                Patience, $"all {expected.Length} visits of port {port} are on record, and over");
            Assert.All(rows, row => Assert.Equal((ConnectionStatus.Closed, ""), (row.Status, row.Reason)));
            Assert.Equal(expected, rows.Select(row => (row.VisitorPort, row.BytesFromVisitor, row.BytesToVisitor)).Order().ToArray());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _visiting;
        foreach (TunnelClientProcess client in _clients)
            await client.DisposeAsync();
        foreach (LocalService service in new[] { _echo, _web, _first })
            await service.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RepeatAsync(int port, Func<Socket, CancellationToken, Task<(long Sent, long Received)>> visit)
    {
        while (!_stop.IsCancellationRequested)
        {
            Interlocked.Increment(ref _here);
            if (_present.Task is { IsCompleted: false } present)
            {
                Interlocked.Decrement(ref _here);
                await present.WaitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }
            long began = TimeProvider.System.GetTimestamp();
            using var limit = new CancellationTokenSource(Patience);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), limit.Token);
                int local = ((IPEndPoint)socket.LocalEndPoint!).Port;
                var (sent, received) = await visit(socket, limit.Token);
                _visits.Enqueue(new Visit(port, local, sent, received));
            }
            catch (SocketException e)
            {
                Interlocked.Increment(ref e.SocketErrorCode == SocketError.ConnectionRefused ? ref _refused : ref _reset);
                _failures.Enqueue($"port {port}: {e.SocketErrorCode}");
            }
            catch (Exception e) when (e is InvalidDataException or OperationCanceledException)
            {
                if (e.Message.Contains("503", StringComparison.Ordinal))
                    Interlocked.Increment(ref _answered503);
                _failures.Enqueue($"port {port}: {e.Message}");
            }
            long took = TimeProvider.System.GetElapsedTime(began).Ticks;
            Interlocked.Decrement(ref _here);
            for (long longest = Volatile.Read(ref _longest); took > longest; longest = Volatile.Read(ref _longest))
                Interlocked.CompareExchange(ref _longest, took, longest);
        }
    }

    private static async Task<(long Sent, long Received)> VisitEchoAsync(Socket socket, CancellationToken cancellationToken)
    {
        byte[] words = new byte[Random.Shared.Next(1, 20_000)];
        Random.Shared.NextBytes(words);
        await socket.SendAllAsync(words, cancellationToken);
        socket.Shutdown(SocketShutdown.Send);
        byte[] answer = await socket.ReadToEndAsync(cancellationToken);
        return answer.AsSpan().SequenceEqual(words) ? (words.Length, answer.Length) : throw Wrong(answer);
    }

    private static async Task<(long Sent, long Received)> VisitWebAsync(Socket socket, CancellationToken cancellationToken)
    {
        byte[] request = Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
        await socket.SendAllAsync(request, cancellationToken);
        byte[] answer = await socket.ReadToEndAsync(cancellationToken);
        return Encoding.ASCII.GetString(answer) is var text && text.StartsWith("HTTP/1.1 200 OK", StringComparison.Ordinal) && text.EndsWith(Page, StringComparison.Ordinal)
            ? (request.Length, answer.Length)
            : throw Wrong(answer);
    }

    private static async Task<(long Sent, long Received)> VisitFirstAsync(Socket socket, CancellationToken cancellationToken)
    {
        byte[] answer = await socket.ReadToEndAsync(cancellationToken);
        return answer.AsSpan().SequenceEqual(Greeting) ? (0, answer.Length) : throw Wrong(answer);
    }

    private static InvalidDataException Wrong(byte[] answer) =>
        new($"answered with {answer.Length} bytes that are not the service's: {Encoding.ASCII.GetString(answer.AsSpan(0, Math.Min(60, answer.Length)))}");

    private sealed record Visit(int Port, int LocalPort, long Sent, long Received);
}
