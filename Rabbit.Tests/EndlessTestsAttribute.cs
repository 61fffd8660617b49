using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using Rabbit.Tests;
using Xunit.v3;

[assembly: EndlessTests]

namespace Rabbit.Tests;

/// <summary>
/// Ends the whole run, with the names of the tests that are under way and the machine's processes, when none has begun or ended for long:
/// a gate that never closes tells nobody what was wrong. The long forms of tests, which are asked for by name, are not watched.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class EndlessTestsAttribute : BeforeAfterTestAttribute
{
    private const int Failed = 3;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(12);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(20);
    private static readonly string? Watched = Environment.GetEnvironmentVariable("RABBIT_WATCH_TESTS");

    private static readonly ConcurrentDictionary<string, string> UnderWay = new();
    private static readonly Timer Watch = new(_ => Look(), null, Watched == "1" ? LookEvery : Timeout.InfiniteTimeSpan, LookEvery);
    private static long _lastChange = Stopwatch.GetTimestamp();

    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        UnderWay[test.UniqueID] = test.TestDisplayName;
        Note();
    }

    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        UnderWay.TryRemove(test.UniqueID, out _);
        Note();
    }

    private static void Note()
    {
        Volatile.Write(ref _lastChange, Stopwatch.GetTimestamp());
        GC.KeepAlive(Watch);
    }

    private static void Look()
    {
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _lastChange)) < Longest)
            return;
        Console.Error.WriteLine($"No test has begun or ended for {Longest.TotalMinutes} min; under way are: {string.Join("; ", UnderWay.Values)}.");
        using (Process list = Process.Start("ps", ["-eo", "pid,ppid,etimes,args", "--forest"]))
            list.WaitForExit(LookEvery);
        Environment.Exit(Failed);
    }
}
