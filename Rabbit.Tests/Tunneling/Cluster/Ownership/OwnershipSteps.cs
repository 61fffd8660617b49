namespace Rabbit.Tests.Tunneling.Cluster.Ownership;

/// <summary>The steps that are possible in a state, with the states to which they lead; used again and again.</summary>
internal sealed class OwnershipSteps(OwnershipRules rules)
{
    private readonly int _size = OwnershipState.SizeOf(rules);
    private readonly List<OwnershipStep> _steps = [];
    private byte[] _states = new byte[64 * OwnershipState.SizeOf(rules)];

    public int Count => _steps.Count;

    public OwnershipStep this[int index] => _steps[index];

    public Span<byte> StateAfter(int index) => _states.AsSpan(index * _size, _size);

    public void Clear() => _steps.Clear();

    /// <summary>One more step, which begins as a copy of the state that it leaves.</summary>
    public OwnershipState Add(ReadOnlySpan<byte> from, OwnershipStep step)
    {
        if (_states.Length < (_steps.Count + 1) * _size)
            Array.Resize(ref _states, _states.Length * 2);
        _steps.Add(step);
        Span<byte> state = StateAfter(_steps.Count - 1);
        from.CopyTo(state);
        return new OwnershipState(rules, state);
    }
}
