using Rabbit.Tests.Support;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Faults.Checks;

/// <summary>What a process holds: it has to come back to what it was.</summary>
/// <param name="Descriptors">Open descriptors.</param>
/// <param name="Threads">Threads.</param>
internal sealed record Footprint(int Descriptors, int Threads)
{
    // Threads of the pool come and go; connections to the database and the API's clients too.
    private const int ThreadsMore = 12;
    private const int DescriptorsMore = 16;

    public static Footprint Of(RunningProcess process) => new(process.Descriptors, process.Threads);

    /// <summary>Waits until the process is back at this, but for ready channels of so many tunnels; null when it comes there.</summary>
    public async Task<string?> ComesBackAsync(RunningProcess process, int tunnels, TimeSpan timeout)
    {
        int descriptors = Descriptors + DescriptorsMore + (tunnels * ChannelPool.MaximumReady);
        long started = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (true)
        {
            Footprint now = Of(process);
            if (now.Descriptors <= descriptors && now.Threads <= Threads + ThreadsMore)
                return null;
            if (TimeProvider.System.GetElapsedTime(started) > timeout)
                return $"{process.Name} holds {now.Descriptors} descriptors and {now.Threads} threads; it began with {Descriptors} and {Threads}";
            await timer.WaitForNextTickAsync();
        }
    }
}
