using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>
/// Two clients take one tunnel from each other at random moments while visitors come and stay. The long form is
/// RABBIT_TEST_TAKEOVERS=1000; RABBIT_TEST_SEED repeats a run.
/// </summary>
[Trait("Property", "P40")]
public sealed class TakeoverStormTests(RunningServer running) : IClassFixture<RunningServer>
{
    private const int VisitorsAtOnce = 8;
    private const int LongestStream = 40;
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private readonly ConcurrentBag<string> _faults = [];
    private long _greeted;
    private int _streams;
    private int _crossing;

    [Fact]
    public async Task Takeovers_UnderLoad_OneOwnerAtATimeAndNoStreamIsCrossedOrCut()
    {
        int takeovers = int.Parse(Environment.GetEnvironmentVariable("RABBIT_TEST_TAKEOVERS") ?? "100", CultureInfo.InvariantCulture);
        int seed = Seed.Choose();
        var random = new Random(seed);
        TestToken token = await running.Server.CreateTokenAsync();
        int control = running.Server.ControlPort;

        // Two clients, each of which comes back as itself, in turns that are drawn.
        ServerHello[] last = new ServerHello[2];
        StormClient? owner = null;
        var all = new List<StormClient>();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task[] visitors = [];
        for (int i = 0; i <= takeovers; i++)
        {
            int who = random.Next(2);
            var next = await StormClient.LoginAsync(control, token, last[who]);
            Assert.True(owner is null || next.Epoch == owner.Epoch + 1, $"Epoch {next.Epoch} follows {owner?.Epoch} (seed {seed}).");
            last[who] = next.Hello;
            Volatile.Write(ref _greeted, next.Epoch);
            if (owner is not null)
                Assert.Equal(GoAwayReason.Superseded, (await owner.EndAsync()).Reason);
            owner = next;
            all.Add(next);
            if (i == 0)
                visitors = [.. Enumerable.Range(0, VisitorsAtOnce).Select(number => VisitAsync(token.Port, new Random(seed + number), enough.Token))];
            // A random moment, often before the data channels are there: this is what is tested.
            await Task.Delay(LongestPause * random.NextDouble() * random.NextDouble(), TestContext.Current.CancellationToken);
        }
        await enough.CancelAsync();
        await Task.WhenAll(visitors);
        owner!.Dispose();
        foreach (StormClient client in all)
            await client.WhenIdleAsync();

        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}: {takeovers} takeovers, {_streams} streams, {_crossing} of them longer than their client's session");
        Assert.Empty(_faults);
        Assert.True(_streams > takeovers / 4, $"Only {_streams} streams: that is no load (seed {seed}).");
        Assert.True(_crossing > 0, $"No stream saw a takeover (seed {seed}).");
        await Eventually.BecomesAsync(
            () => running.Installation.SessionsAsync(token.Port), rows => rows.Count(row => row.EndedAt is null) == 1 && rows.Max(row => row.Epoch) == owner.Epoch, Soon,
            "one session is left, the last");
    }

    // Each block comes back with the epoch of the client that it went through in front.
    private async Task VisitAsync(int port, Random random, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            long before = Volatile.Read(ref _greeted);
            long served = 0;
            try
            {
                using Socket visitor = await SocketConversation.ConnectAsync(port);
                int blocks = 1 + random.Next(LongestStream);
                for (int i = 0; i < blocks; i++)
                {
                    byte[] nonce = new byte[StormClient.Block];
                    random.NextBytes(nonce);
                    await visitor.SendAllAsync(nonce, TestContext.Current.CancellationToken);
                    byte[] answer = await visitor.ReadExactlyAsync(sizeof(long) + nonce.Length);
                    long epoch = BitConverter.ToInt64(answer);
                    if (i > 0 && epoch != served)
                        _faults.Add($"A stream of client {served} got an answer of client {epoch}.");
                    if (epoch < before)
                        _faults.Add($"A visitor got client {epoch} when {before} had been greeted already.");
                    if (!answer.AsSpan(sizeof(long)).SequenceEqual(nonce))
                        _faults.Add($"A stream of client {epoch} got another's bytes.");
                    served = epoch;
                    await Task.Delay(random.Next(5), TestContext.Current.CancellationToken);
                }
                visitor.Shutdown(SocketShutdown.Send);
                if ((await visitor.ReadToEndAsync()).Length > 0)
                    _faults.Add($"A stream of client {served} got more than it had asked for.");
                Interlocked.Increment(ref _streams);
                if (served < Volatile.Read(ref _greeted))
                    Interlocked.Increment(ref _crossing);
            }
            catch (Exception e) when (e is SocketException or Xunit.Sdk.XunitException)
            {
                _faults.Add($"A stream of client {served} broke (greeted before: {before}): {e.Message}");
            }
        }
    }
}
