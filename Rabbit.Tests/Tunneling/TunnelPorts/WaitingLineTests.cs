using Rabbit.Tunneling.TunnelPorts;
using Xunit;

namespace Rabbit.Tests.Tunneling.TunnelPorts;

public sealed class WaitingLineTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Open_LetsThemGoInOrder_EachWhenTheOneBeforeHasAsked()
    {
        var line = new WaitingLine();
        // Whoever comes back into the line has its old number.
        WaitingPlace[] places = [.. new ulong[] { 3, 1, 2 }.Select(number => line.TryJoin(number, 10)!).OrderBy(place => place.Number)];
        line.Advance();
        Assert.All(places, place => Assert.False(place.Released.IsCancellationRequested));
        line.Open();
        line.Advance();
        foreach (WaitingPlace place in places)
        {
            await WhenReleasedAsync(place);
            Assert.Equal((int)place.Number, places.Count(one => one.Released.IsCancellationRequested));
            place.Asked();
        }
        Assert.Equal(0, line.Count);
    }

    [Fact]
    public async Task Close_LetsNobodyGo_AndWhoReturnsIsWhereItWas()
    {
        var line = new WaitingLine();
        WaitingPlace first = line.TryJoin(1, 10)!, second = line.TryJoin(2, 10)!;
        line.Open();
        line.Advance();
        await WhenReleasedAsync(first);
        first.Asked();
        await WhenReleasedAsync(second);
        line.Close();
        second.Return();
        first.Return();
        Assert.Equal((2, false, false), (line.Count, first.Released.IsCancellationRequested, second.Released.IsCancellationRequested));
        line.Open();
        line.Advance();
        await WhenReleasedAsync(first);
        Assert.False(second.Released.IsCancellationRequested);
        Assert.True(first.Leave());
        Assert.False(first.Leave());
        await WhenReleasedAsync(second);
        second.Leave();
        Assert.Equal(0, line.Count);
    }

    [Fact]
    public async Task Open_NoMoreAreWithoutTheirChannelThanAClientCanOpen()
    {
        var line = new WaitingLine();
        WaitingPlace[] places = [.. Enumerable.Range(0, WaitingLine.MostOpening + 2).Select(number => line.TryJoin((ulong)number, 1000)!)];
        line.Open();
        line.Advance();
        foreach (WaitingPlace place in places[..WaitingLine.MostOpening])
        {
            await WhenReleasedAsync(place);
            place.Asked();
        }
        Assert.Equal(2, line.Count);
        Assert.False(places[^2].Released.IsCancellationRequested);
        places[7].Leave();
        await WhenReleasedAsync(places[^2]);
        Assert.False(places[^1].Released.IsCancellationRequested);
    }

    [Fact]
    [Trait("Property", "P11")]
    public async Task ManyAtOnce_NeverMoreThanThereArePlaces_AndEachHasItsTurn()
    {
        const int Visitors = 2000, Places = 50;
        var line = new WaitingLine();
        int waiting = 0, served = 0;
        line.Open();
        await Parallel.ForAsync(0, Visitors, new ParallelOptions { MaxDegreeOfParallelism = 100, CancellationToken = Cancellation }, async (turn, _) =>
        {
            WaitingPlace? place;
            while ((place = line.TryJoin((ulong)turn, Places)) is null)
                await Task.Yield();
            Assert.InRange(Interlocked.Increment(ref waiting), 1, Places + WaitingLine.MostOpening + 1);
            if (turn % 3 != 0)
            {
                await WhenReleasedAsync(place);
                place.Asked();
                if (turn % 3 == 1)
                {
                    place.Return();
                    await WhenReleasedAsync(place);
                }
                Interlocked.Increment(ref served);
            }
            Interlocked.Decrement(ref waiting);
            place.Leave();
        });
        Assert.Equal(0, line.Count);
        Assert.Equal(Enumerable.Range(0, Visitors).Count(turn => turn % 3 != 0), served);
        Assert.NotNull(line.TryJoin(0, 1));
    }

    private static Task WhenReleasedAsync(WaitingPlace place) =>
        Task.Delay(Soon, place.Released).ContinueWith(
            waited => Assert.True(waited.IsCanceled, "It was not let go."), Cancellation, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
