using System.Collections.Concurrent;
using System.Globalization;
using Rabbit.Faults.History;

namespace Rabbit.Faults.Rows;

/// <summary>One run of a row: its seed, its history, and what was measured and found broken.</summary>
/// <param name="seed">Of all that is random in it.</param>
/// <param name="isShort">A few rounds, on a machine that may be busy with other tests.</param>
/// <param name="history">What happens.</param>
internal sealed class RowRun(int seed, bool isShort, RunHistory history)
{
    // The short form runs beside other tests on the same cores, so that a limit in seconds says little there.
    private const int SlackOfShort = 20;

    private readonly ConcurrentQueue<string> _violations = new();
    private readonly ConcurrentDictionary<string, Measure> _measures = new();
    private readonly ConcurrentQueue<string> _notes = new();

    public int Seed => seed;

    public bool IsShort => isShort;

    public RunHistory History => history;

    /// <summary>For the one who injects the faults; visitors have their own.</summary>
    public Random Random { get; } = new(seed);

    /// <summary>How often the fault was injected.</summary>
    public int Rounds { get; set; }

    /// <summary>Invariants that did not hold; empty when all did.</summary>
    public IReadOnlyCollection<string> Violations => _violations;

    /// <summary>The worst of what was measured, by name.</summary>
    public IReadOnlyDictionary<string, Measure> Measures => _measures;

    /// <summary>What was found beside.</summary>
    public IReadOnlyCollection<string> Notes => _notes;

    /// <summary>Something to be told that neither holds nor breaks anything.</summary>
    public void Note(string note)
    {
        history.Add("check", "note", note);
        _notes.Enqueue(note);
    }

    /// <summary>The one number or the other.</summary>
    public T Choose<T>(T whole, T inShort) => isShort ? inShort : whole;

    /// <summary>An invariant: it holds, or goes on record as broken.</summary>
    public void Expect(bool holds, string violation)
    {
        if (!holds)
            Break(violation);
    }

    public void Expect(IEnumerable<string> violations)
    {
        foreach (string violation in violations)
            Break(violation);
    }

    /// <summary>A time that must not be exceeded.</summary>
    public void Within(string what, TimeSpan took, TimeSpan limit)
    {
        TimeSpan allowed = isShort ? limit * SlackOfShort : limit;
        history.Add("check", what, string.Create(CultureInfo.InvariantCulture, $"{took.TotalSeconds:0.000} s"));
        _measures.AddOrUpdate(what, new Measure(took, took, 1, limit), (_, measure) => measure.With(took));
        Expect(took <= allowed, string.Create(CultureInfo.InvariantCulture, $"{what}: {took.TotalSeconds:0.00} s, not within {allowed.TotalSeconds:0.##} s"));
    }

    /// <summary>A time that must lie in a range.</summary>
    public void Between(string what, TimeSpan took, TimeSpan least, TimeSpan most)
    {
        Within(what, took, most);
        Expect(took >= least, string.Create(CultureInfo.InvariantCulture, $"{what}: {took.TotalSeconds:0.00} s, sooner than {least.TotalSeconds:0.##} s"));
    }

    /// <summary>Waits for this moment of the fault's own choice; visitors come meanwhile.</summary>
    public Task PauseAsync(TimeSpan least, TimeSpan most) => Task.Delay(least + ((most - least) * Random.NextDouble()));

    private void Break(string violation)
    {
        history.Add("check", "broken", violation);
        _violations.Enqueue(violation);
    }
}
