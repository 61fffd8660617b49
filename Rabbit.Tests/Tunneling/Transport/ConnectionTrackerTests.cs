using Rabbit.Tests.Support;
using Rabbit.Tunneling.Transport;
using Xunit;

namespace Rabbit.Tests.Tunneling.Transport;

[Trait("Property", "P11")]
public sealed class ConnectionTrackerTests
{
    private readonly ConnectionTracker _tracker = new();

    [Fact]
    public void Count_AnySequenceOfBeginningsAndEnds_IsTheNumberThatIsOpen()
    {
        int seed = Seed.Choose();
        var random = new Random(seed);
        var open = new List<TaskCompletionSource>();
        for (int act = 0; act < 20_000; act++)
        {
            if (random.Next(open.Count + 20) < 20)
            {
                var connection = new TaskCompletionSource();
                if (random.Next(5) == 0)
                    connection.SetResult(); // Over before it is tracked.
                else
                    open.Add(connection);
                _tracker.Track(connection.Task);
            }
            else
            {
                TaskCompletionSource ended = open[random.Next(open.Count)];
                open.Remove(ended);
                ended.SetResult();
                Assert.False(ended.TrySetResult());
            }
            Assert.True(open.Count == _tracker.Count, $"RABBIT_TEST_SEED={seed}, at act {act}: {_tracker.Count} instead of {open.Count}.");
            Assert.True(_tracker.WhenIdleAsync().IsCompleted == (open.Count == 0), $"RABBIT_TEST_SEED={seed}, at act {act}: idle or not.");
        }
    }

    [Fact]
    public async Task WhenIdle_EndsOnManyThreads_CompletesAtTheLast()
    {
        for (int round = 0; round < 200; round++)
        {
            TaskCompletionSource[] open = [.. Enumerable.Range(0, 50).Select(_ => new TaskCompletionSource())];
            foreach (TaskCompletionSource connection in open)
                _tracker.Track(connection.Task);
            Task idle = _tracker.WhenIdleAsync();
            Parallel.ForEach(open.SkipLast(1), connection => connection.SetResult());
            Assert.False(idle.IsCompleted);
            open[^1].SetResult();
            await idle.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            Assert.Equal(0, _tracker.Count);
        }
    }
}
