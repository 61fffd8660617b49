using System.Diagnostics;

namespace Rabbit.Fuzz.Mutation;

/// <summary>Runs a target on its corpus and then on mutations of it, and holds each input to limits of time and memory.</summary>
internal sealed class MutationRun(FuzzTarget target, TimeProvider time)
{
    private const int Seed = 20_260_101;

    // A parser of such inputs takes microseconds and kilobytes; these are what nothing but a flaw comes near to.
    private static readonly TimeSpan LongestInput = TimeSpan.FromSeconds(1);
    private const long MostAllocated = 1024 * 1024;

    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(100);

    private volatile byte[] _current = [];
    private byte[] _watched = [];
    private TimeSpan _usedBefore;
    private long _mostAllocated;
    private long _inputs;

    /// <summary>Runs for so long; false, with the input on standard error, when something does not hold.</summary>
    public bool Run(IReadOnlyList<byte[]> corpus, TimeSpan duration)
    {
        using ITimer watch = time.CreateTimer(_ => Watch(), null, WatchInterval, WatchInterval);
        var mutator = new Mutator(corpus, Seed);
        long start = time.GetTimestamp();
        foreach (byte[] input in corpus)
        {
            if (!Holds(input))
                return false;
        }
        while (time.GetElapsedTime(start) < duration)
        {
            if (!Holds(mutator.Next()))
                return false;
        }
        Console.WriteLine($"{target.Name}: {_inputs} inputs hold; at most {_mostAllocated} bytes allocated by one, "
            + $"{Process.GetCurrentProcess().PeakWorkingSet64} bytes of memory in all");
        return true;
    }

    private bool Holds(byte[] input)
    {
        _current = input;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Run(input);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            BrokenException.Unless(allocated <= MostAllocated, $"{allocated} bytes were allocated, and {MostAllocated} are allowed.");
            _mostAllocated = Math.Max(_mostAllocated, allocated);
            _inputs++;
            return true;
        }
#pragma warning disable CA1031 // Whatever it is, it is the finding.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Tell(input, $"{e}");
            return false;
        }
    }

    // Processor time counts, so that a machine that is busy with something else is no finding.
    private void Watch()
    {
        byte[] now = _current;
        TimeSpan used = Environment.CpuUsage.TotalTime;
        if (!ReferenceEquals(now, _watched))
            (_watched, _usedBefore) = (now, used);
        else if (used - _usedBefore > LongestInput)
        {
            Tell(now, $"It takes longer than {LongestInput.TotalSeconds} s.");
            Environment.Exit(1);
        }
    }

    private void Tell(byte[] input, string what) =>
        Console.Error.WriteLine($"{target.Name}: {what}\nThe input, to be kept in the corpus (xxd -r -p): {Convert.ToHexStringLower(input)}");
}
