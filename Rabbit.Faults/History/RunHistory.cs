using System.Collections.Concurrent;
using System.Globalization;

namespace Rabbit.Faults.History;

/// <summary>
/// All that happened in a run, in order: one line for each event with its time, actor, action and outcome, in a file and in memory. What a
/// run has to hold is checked against it afterwards.
/// </summary>
internal sealed class RunHistory : IDisposable
{
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private readonly Lock _lock = new();
    private readonly StreamWriter _file;
    private readonly ConcurrentQueue<Visit> _visits = new();
    private readonly ConcurrentQueue<FaultWindow> _windows = new();
    private int _numbers;

    public RunHistory(string file)
    {
        File = file;
        _file = new StreamWriter(file) { NewLine = "\n", AutoFlush = true };
    }

    public string File { get; }

    /// <summary>Since the history began.</summary>
    public TimeSpan Now => TimeProvider.System.GetElapsedTime(_began);

    public IReadOnlyCollection<Visit> Visits => _visits;

    public IReadOnlyCollection<FaultWindow> Windows => _windows;

    /// <summary>A number for the next visitor.</summary>
    public int NextNumber() => Interlocked.Increment(ref _numbers);

    /// <summary>Writes an event down; its time.</summary>
    public TimeSpan Add(string actor, string action, string outcome = "")
    {
        lock (_lock)
        {
            TimeSpan now = Now;
            _file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{now.TotalSeconds,11:0.0000}\t{actor}\t{action}\t{outcome.ReplaceLineEndings(" ")}"));
            return now;
        }
    }

    public void Add(Visit visit)
    {
        _visits.Enqueue(visit);
        Add($"visitor {visit.Number}", $"{visit.Kind} port {visit.TunnelPort} from {visit.LocalPort}", string.Create(
            CultureInfo.InvariantCulture, $"{visit.Outcome} after {visit.Took.TotalMilliseconds:0} ms, {visit.Sent} sent, {visit.Received} received {visit.Detail}").TrimEnd());
    }

    /// <summary>From then until now visitors might notice a fault.</summary>
    public void AddWindow(TimeSpan from, int? port = null) => AddWindow(new FaultWindow(from, Now, port));

    public void AddWindow(FaultWindow window)
    {
        _windows.Enqueue(window);
        Add("nemesis", window.Port is { } port ? $"port {port}" : "all ports", string.Create(CultureInfo.InvariantCulture, $"mended, a fault since {window.From.TotalSeconds:0.0000}"));
    }

    public void Dispose()
    {
        lock (_lock)
            _file.Dispose();
    }
}
