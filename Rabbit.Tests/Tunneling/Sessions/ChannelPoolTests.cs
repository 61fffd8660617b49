using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Rabbit.Protocol.Transport;
using Rabbit.Tests.Protocol.Transport;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.Sessions;
using Xunit;

namespace Rabbit.Tests.Tunneling.Sessions;

public sealed class ChannelPoolTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly List<LoopbackPair> _pairs = [];
    private int _asked;

    [Fact]
    public async Task Take_ChannelReady_IsGivenAtOnceAndAskedForAgain()
    {
        ChannelPool pool = Pool(minimum: 2);
        var (near, _) = await AddAsync(pool);
        await AddAsync(pool);
        Assert.Equal((2, 0), (pool.Ready, _asked));

        var take = pool.TakeAsync(Patience, _time);
        Assert.True(take.IsCompleted);
        Assert.NotNull((await take).Channel);
        Assert.Equal((1, 1), (pool.Ready, _asked));
        await AddAsync(pool);
        Assert.Equal((2, 1), (pool.Ready, _asked));
        Assert.NotNull(near);
    }

    [Fact]
    public async Task Take_NoneReady_WaitsForTheNextAndAsksForMore()
    {
        ChannelPool pool = Pool(minimum: 2);
        var take = pool.TakeAsync(Patience, _time);
        Assert.False(take.IsCompleted);
        // Twice as many are kept ready from now on, and one for the visitor, beside the two that the client opens by itself.
        Assert.Equal(3, _asked);
        var (near, _) = await AddAsync(pool);
        var (channel, failure) = await take;
        Assert.Equal((near, ChannelFailure.None), (((SocketEnd)channel!).Socket, failure));
        Assert.Equal(0, pool.Ready);
    }

    [Fact]
    [Trait("Property", "P43")]
    public async Task ReplaceReady_AChannelWasDead_ClosesThoseBesideItOnceAndAsksForOthers()
    {
        ChannelPool pool = Pool(minimum: 3);
        long takenAt = _time.GetTimestamp();
        await AddAsync(pool);
        var (_, beside) = await AddAsync(pool);
        Assert.NotNull((await pool.TakeAsync(Patience, _time)).Channel);
        _time.Advance(TimeSpan.FromSeconds(2));
        await pool.ReplaceReadyAsync(takenAt, _time);
        Assert.Equal(0, pool.Ready);
        Assert.True(_asked >= 3);

        // Another visitor finds its channel of that time dead too: what has come since is sound.
        await AddAsync(pool);
        int asked = _asked;
        await pool.ReplaceReadyAsync(takenAt, _time);
        Assert.Equal((1, asked), (pool.Ready, _asked));
        Assert.NotNull(beside);
    }

    [Fact]
    [Trait("Property", "P39")]
    public async Task Add_AfterTheVisitorGaveUp_IsKeptForTheNextOrClosed()
    {
        ChannelPool pool = Pool(minimum: 0);
        var take = pool.TakeAsync(Patience, _time);
        _time.Advance(Patience);
        Assert.Equal(ChannelFailure.TimedOut, (await take).Failure);
        var (_, far) = await AddAsync(pool);
        Assert.Equal(0, pool.Ready);
        Assert.Empty(await far.ReadToEndAsync());
    }

    [Fact]
    public async Task Take_TooManyWaiting_IsRefusedAtOnce()
    {
        ChannelPool pool = Pool(minimum: 1, maximumWaiting: 3);
        var waiting = Enumerable.Range(0, 3).Select(_ => pool.TakeAsync(Patience, _time).AsTask()).ToList();
        Assert.Equal(ChannelFailure.TooManyWaiting, (await pool.TakeAsync(Patience, _time)).Failure);
        Assert.DoesNotContain(waiting, task => task.IsCompleted);
        await pool.CloseAsync();
        Assert.All(await Task.WhenAll(waiting), taken => Assert.Equal(ChannelFailure.SessionEnded, taken.Failure));
    }

    [Fact]
    public async Task Take_ThousandAtOnce_AreAllServedInTurn()
    {
        ChannelPool pool = Pool(minimum: 8, maximumWaiting: 4096);
        var visitors = Enumerable.Range(0, 1000).Select(_ => pool.TakeAsync(Patience, _time).AsTask()).ToList();
        Assert.InRange(_asked + 8, 1000, 1512);
        for (int i = 0; i < 1000; i++)
        {
            var (near, _) = await AddAsync(pool);
            Assert.Equal(near, ((SocketEnd)(await visitors[i]).Channel!).Socket);
            _pairs[^1].Dispose();
        }
    }

    [Fact]
    public async Task Take_ChannelClosedMeanwhile_IsSkipped()
    {
        ChannelPool pool = Pool(minimum: 2);
        var (good, _) = await AddAsync(pool);
        var (_, far) = await AddAsync(pool);
        far.Dispose();
        Assert.Equal(good, ((SocketEnd)(await pool.TakeAsync(Patience, _time)).Channel!).Socket);
    }

    [Fact]
    public async Task OpenFailed_WithVisitorsWaiting_TellsThemAtOnce()
    {
        ChannelPool pool = Pool(minimum: 0);
        var take = pool.TakeAsync(Patience, _time);
        Assert.Equal(1, _asked);
        pool.OpenFailed(1);
        Assert.Equal(ChannelFailure.ClientFailed, (await take).Failure);
    }

    [Fact]
    public async Task Sweep_NobodyComes_ShrinksToTheMinimum()
    {
        ChannelPool pool = Pool(minimum: 2);
        var first = pool.TakeAsync(Patience, _time);
        for (int i = 0; i < 5; i++)
            await AddAsync(pool);
        Assert.Equal(ChannelFailure.None, (await first).Failure);
        Assert.Equal(4, pool.Ready);
        await pool.SweepAsync(); // A visitor came since the last one.
        Assert.Equal(4, pool.Ready);
        await pool.SweepAsync();
        Assert.Equal(2, pool.Ready);
        await pool.SweepAsync();
        Assert.Equal(2, pool.Ready);
    }

    [Fact]
    public async Task Take_AThousandAtOnce_AskForOneEachAndAreAllServed_AndThePoolShrinksAgain()
    {
        const int Visitors = 1000, Minimum = 8, Most = 64;
        ChannelPool pool = Pool(Minimum);
        List<Task<(RelayEnd? Channel, ChannelFailure Failure)>> takes = [.. Enumerable.Range(0, Visitors).Select(_ => pool.TakeAsync(Patience, _time).AsTask())];
        // One for each visitor and most of those to be kept ready; not again for those that are on their way.
        int asked = _asked + Minimum;
        Assert.InRange(asked, Visitors + Most - (Most / 8), Visitors + Most);
        for (int i = 0; i < asked; i++)
            await AddAsync(pool);
        (RelayEnd? Channel, ChannelFailure Failure)[] taken = await Task.WhenAll(takes);
        Assert.All(taken, one => Assert.Equal(ChannelFailure.None, one.Failure));
        Assert.Equal(Visitors, taken.Select(one => one.Channel).Distinct().Count());
        Assert.Equal((asked - Visitors, asked), (pool.Ready, _asked + Minimum));
        for (int sweeps = 0; sweeps < 5; sweeps++)
            await pool.SweepAsync();
        Assert.Equal(Minimum, pool.Ready);
    }

    [Fact]
    public async Task Take_FromALargePool_AsksForSeveralAtOnce()
    {
        ChannelPool pool = Pool(minimum: 32);
        for (int i = 0; i < 32; i++)
            await AddAsync(pool);
        for (int i = 0; i < 3; i++)
            await pool.TakeAsync(Patience, _time);
        Assert.Equal(0, _asked);
        await pool.TakeAsync(Patience, _time);
        Assert.Equal(4, _asked);
    }

    [Fact]
    [Trait("Property", "P39")]
    public async Task Close_ChannelsReadyAndLate_ClosesThemAll()
    {
        ChannelPool pool = Pool(minimum: 2);
        var (_, ready) = await AddAsync(pool);
        await pool.CloseAsync();
        var (_, late) = await AddAsync(pool);
        Assert.Empty(await ready.ReadToEndAsync());
        Assert.Empty(await late.ReadToEndAsync());
        Assert.Equal(ChannelFailure.SessionEnded, (await pool.TakeAsync(Patience, _time)).Failure);
    }

    public void Dispose()
    {
        foreach (LoopbackPair pair in _pairs)
            pair.Dispose();
    }

    private ChannelPool Pool(int minimum, int maximumWaiting = 4096) => new(minimum, maximumWaiting, count => _asked += count);

    /// <summary>A channel arrives: the server's end, and the client's.</summary>
    private async Task<(Socket Near, Socket Far)> AddAsync(ChannelPool pool)
    {
        LoopbackPair pair = await LoopbackPair.CreateAsync();
        _pairs.Add(pair);
        await pool.AddAsync(new SocketEnd(pair.Near));
        return (pair.Near, pair.Far);
    }
}
