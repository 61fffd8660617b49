namespace Rabbit.Client.Status;

/// <summary>The tunnels of this program, for whoever shows them.</summary>
internal sealed class TunnelList
{
    private readonly Lock _lock = new();
    private TunnelStatus[] _tunnels = [];

    /// <summary>Something has changed that is worth showing at once; called from any thread, and must not wait.</summary>
    public event Action? Changed;

    /// <summary>There are now these, in this order.</summary>
    public void Become(IEnumerable<TunnelStatus> tunnels)
    {
        lock (_lock)
        {
            foreach (TunnelStatus former in _tunnels)
                former.Changed -= OnChanged;
            _tunnels = [.. tunnels];
            foreach (TunnelStatus tunnel in _tunnels)
                tunnel.Changed += OnChanged;
        }
        OnChanged();
    }

    /// <summary>All of them, as they are now.</summary>
    public IReadOnlyList<TunnelSnapshot> Snapshot() => [.. Volatile.Read(ref _tunnels).Select(tunnel => tunnel.Snapshot())];

    private void OnChanged() => Changed?.Invoke();
}
