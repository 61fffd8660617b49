using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;
using Xunit.Sdk;

namespace Rabbit.Tests.EndToEnd;

/// <summary>
/// Every accepted connection is one row with exact byte counts, whoever is killed. The long form:
/// RABBIT_TEST_CONNECTIONS=100000 ./test.sh -class "*AccountingTests"
/// </summary>
[Trait("Property", "P33")]
public sealed class AccountingTests
{
    private const int AtOnce = 16;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(120);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static int Connections { get; } = int.Parse(
        Environment.GetEnvironmentVariable("RABBIT_TEST_CONNECTIONS") ?? "2000", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task ClientsAndVisitorsKilledAtRandom_EveryConnectionIsOneRowWithItsBytes(Engine engine)
    {
        int seed = Seed.Choose();
        await using Installation installation = await Installation.CreateAsync(engine);
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await server.CreateTokenAsync();
        string connection = await server.ConnectionStringAsync(token);
        TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(connection, service.Port);

        var visits = new ConcurrentDictionary<int, ConcurrentQueue<Visit>>();
        int made = 0;
        var present = new TaskCompletionSource();
        present.SetResult();
        Task visiting = Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async visitor =>
        {
            var random = new Random(seed + visitor);
            while (Interlocked.Increment(ref made) <= Connections)
            {
                // Else nearly all would come while the client is away, and be turned off quickly.
                await Volatile.Read(ref present).Task;
                Visit visit = await Visit.MakeAsync(token.Port, random);
                visits.GetOrAdd(visit.LocalPort, _ => []).Enqueue(visit);
            }
        }));
        // The client is killed five times over the whole, wherever the visitors are then.
        for (int kill = 1; kill <= 5; kill++)
        {
            await Eventually.BecomesAsync(
                () => Volatile.Read(ref made), count => count >= Connections * kill / 6, TimeSpan.FromMinutes(10), "the visitors make progress");
            // Before the kill, which takes its time on a busy machine: those who are there see it, and few come while the client is away.
            Volatile.Write(ref present, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            await client.Process.Kill9Async();
            await client.DisposeAsync();
            client = await TunnelClientProcess.ConnectAsync(connection, service.Port);
            present.SetResult();
        }
        await visiting;
        await client.DisposeAsync();

        List<ConnectionLogRow> rows = await Eventually.BecomesAsync(
            () => installation.VisitsAsync(token.Port), rows => rows.Count >= Connections && rows.TrueForAll(row => row.Status != ConnectionStatus.Active),
            Soon, "every connection is on record, and over");
        Assert.Equal(Connections, rows.Count);
        int whole = 0;
        foreach (IGrouping<int, ConnectionLogRow> ofPort in rows.GroupBy(row => row.VisitorPort))
        {
            ConcurrentQueue<Visit> fromPort = visits[ofPort.Key];
            Assert.Equal(fromPort.Count, ofPort.Count());
            foreach (var (visit, row) in fromPort.Zip(ofPort.OrderBy(row => row.StartedAt)))
            {
                if (!visit.Agrees(row))
                    throw new XunitException($"Seed {seed}: {visit} is on record as {row.Status} '{row.Reason}', {row.BytesFromVisitor} in, {row.BytesToVisitor} out.");
                whole += visit.IsWhole ? 1 : 0;
            }
        }
        Assert.InRange(whole, Connections / 3, Connections - 1);
        TestContext.Current.TestOutputHelper?.WriteLine($"{rows.Count} connections, {whole} of them whole");
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task ServerKilled_RowsLackAtMostTheLastSecond_AndAreClosedAndMarked(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        await using LocalService service = LocalService.Echo();
        RabbitProcess first = await installation.StartAsync();
        TestToken token = await first.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(first, token, service.Port);

        using Socket steady = await SocketConversation.ConnectAsync(token.Port);
        var carried = new List<(long At, long Bytes)>();
        long total = 0;
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        long began = Stopwatch.GetTimestamp();
        int finished = 0;
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(3.5) && await pace.WaitForNextTickAsync(Cancellation))
        {
            await steady.SendAllAsync(new byte[100], Cancellation);
            await steady.ReadExactlyAsync(100);
            total += 100;
            carried.Add((Stopwatch.GetTimestamp(), total));
            // Others come and go; those of the last second are not looked at.
            if (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(2.4))
            {
                using Socket brief = await SocketConversation.ConnectAsync(token.Port);
                await brief.SendAllAsync("ping");
                await brief.ReadExactlyAsync(4);
                brief.Shutdown(SocketShutdown.Send);
                Assert.Empty(await brief.ReadToEndAsync());
                finished++;
            }
        }
        // Visible while it runs.
        ConnectionLogRow open = Assert.Single(await installation.VisitsAsync(token.Port), row => row.Status == ConnectionStatus.Active);
        Assert.InRange(open.BytesToVisitor, BytesBy(Stopwatch.GetTimestamp(), TimeSpan.FromSeconds(2)), total);
        long killed = Stopwatch.GetTimestamp();
        await first.Process.Kill9Async();

        await installation.StartAsync();
        List<ConnectionLogRow> rows = await Eventually.BecomesAsync(
            () => installation.VisitsAsync(token.Port), rows => rows.TrueForAll(row => row.Status != ConnectionStatus.Active), Soon, "no row is left open");
        Assert.Equal(finished, rows.Count(row => row is { Status: ConnectionStatus.Closed, BytesFromVisitor: 4, BytesToVisitor: 4 }));
        ConnectionLogRow cut = Assert.Single(rows, row => row.Reason == "server stopped");
        Assert.Equal(ConnectionStatus.Error, cut.Status);
        // A second between looks, and a moment to write it down.
        Assert.InRange(cut.BytesToVisitor, BytesBy(killed, TimeSpan.FromSeconds(1.3)), total);
        Assert.InRange(cut.BytesFromVisitor, cut.BytesToVisitor, total);

        long BytesBy(long moment, TimeSpan before) =>
            carried.LastOrDefault(step => Stopwatch.GetElapsedTime(step.At, moment) >= before).Bytes;
    }

    /// <summary>What a visitor did and saw.</summary>
    private sealed record Visit(int LocalPort, long Sent, long Received, bool IsWhole)
    {
        public static async Task<Visit> MakeAsync(int port, Random random)
        {
            using Socket socket = await SocketConversation.ConnectAsync(port);
            int local = ((IPEndPoint)socket.LocalEndPoint!).Port;
            long sent = 0, received = 0;
            bool isWhole = false;
            byte[] bytes = new byte[random.Next(1, 20_000)];
            try
            {
                for (int round = random.Next(4); round >= 0; round--)
                {
                    await socket.SendAllAsync(bytes, Cancellation);
                    sent += bytes.Length;
                    // Some leave in the middle, without a word.
                    int wanted = random.Next(6) == 0 ? random.Next(bytes.Length) : bytes.Length;
                    for (int have = 0; have < wanted;)
                    {
                        int read = await socket.ReceiveAsync(bytes.AsMemory(have, wanted - have), Cancellation);
                        if (read == 0)
                            return new Visit(local, sent, received, IsWhole: false); // The answer of an offline port, perhaps.
                        have += read;
                        received += read;
                    }
                    if (wanted < bytes.Length)
                    {
                        socket.Reset();
                        return new Visit(local, sent, received, IsWhole: false);
                    }
                }
                socket.Shutdown(SocketShutdown.Send);
                byte[] rest = await socket.ReadToEndAsync(Cancellation);
                received += rest.Length;
                isWhole = rest.Length == 0 && received == sent;
            }
            catch (SocketException)
            {
                // The client was killed, and what it had is counted above.
            }
            return new Visit(local, sent, received, isWhole);
        }

        // Of a connection that broke, nobody outside knows more than that no byte was counted that was not sent, and every byte
        // that arrived was.
        public bool Agrees(ConnectionLogRow row) => IsWhole
            ? row.Status == ConnectionStatus.Closed && row.BytesFromVisitor == Sent && row.BytesToVisitor == Received
            : row.BytesFromVisitor <= Sent && row.BytesToVisitor >= Received;
    }
}
