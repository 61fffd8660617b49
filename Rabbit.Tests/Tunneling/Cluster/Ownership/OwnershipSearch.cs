namespace Rabbit.Tests.Tunneling.Cluster.Ownership;

/// <summary>
/// Visits every state that a modelled cluster can get into, breadth first, so that the first trace to something wrong is a shortest one.
/// </summary>
internal sealed class OwnershipSearch(OwnershipRules rules)
{
    private readonly OwnershipModel _model = new(rules);
    private readonly OwnershipSteps _steps = new(rules);
    private readonly StateTable _states = new(OwnershipState.SizeOf(rules));
    private readonly List<int> _parents = [];

    // For each state, where the numbers begin of those that it leads to without a failure.
    private readonly List<int> _firstSteps = [];
    private readonly List<int> _goodSteps = [];

    /// <summary>States that were visited.</summary>
    public int States => _states.Count;

    /// <summary>Steps between them.</summary>
    public long Steps { get; private set; }

    /// <summary>What was found wrong, or null.</summary>
    public string? Violation { get; private set; }

    /// <summary>The steps that lead to it.</summary>
    public IReadOnlyList<OwnershipStep> Trace { get; private set; } = [];

    /// <summary>Visits all states, or as many as it takes to find something wrong.</summary>
    public void Run()
    {
        _states.Add(new byte[OwnershipState.SizeOf(rules)], out _);
        _parents.Add(-1);
        for (int number = 0; number < _states.Count; number++)
        {
            _firstSteps.Add(_goodSteps.Count);
            _model.Next(_states[number], _steps);
            for (int i = 0; i < _steps.Count; i++)
            {
                Steps++;
                bool isNew = _states.Add(_steps.StateAfter(i), out int reached);
                if (!_steps[i].IsFailure && reached != number)
                    _goodSteps.Add(reached);
                if (!isNew)
                    continue;
                _parents.Add(number);
                if (_model.Violation(_states[reached]) is { } violation)
                {
                    Violation = violation;
                    Trace = TraceTo(reached);
                    return;
                }
            }
        }
    }

    /// <summary>
    /// After <see cref="Run"/>: a trace to a state from which no visitor can be served any more though nothing fails from there on; null where
    /// there is none. States after the last login that the model's size allows do not count.
    /// </summary>
    public IReadOnlyList<OwnershipStep>? FindStuck()
    {
        bool[] isAlive = new bool[_states.Count];
        for (int number = 0; number < isAlive.Length; number++)
            isAlive[number] = _model.IsServed(_states[number]);
        _firstSteps.Add(_goodSteps.Count);
        bool hasChanged = true;
        while (hasChanged)
        {
            hasChanged = false;
            for (int number = isAlive.Length - 1; number >= 0; number--)
            {
                for (int step = _firstSteps[number]; !isAlive[number] && step < _firstSteps[number + 1]; step++)
                    hasChanged |= isAlive[number] = isAlive[_goodSteps[step]];
            }
        }
        int stuck = Enumerable.Range(0, isAlive.Length).FirstOrDefault(number => !isAlive[number] && _model.HasLoginLeft(_states[number]), -1);
        return stuck < 0 ? null : TraceTo(stuck);
    }

    private List<OwnershipStep> TraceTo(int number)
    {
        var trace = new List<OwnershipStep>();
        for (; _parents[number] >= 0; number = _parents[number])
        {
            _model.Next(_states[_parents[number]], _steps);
            int taken = 0;
            while (!_steps.StateAfter(taken).SequenceEqual(_states[number]))
                taken++;
            trace.Insert(0, _steps[taken]);
        }
        return trace;
    }
}
