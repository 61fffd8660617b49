using Rabbit.Client.Commands;
using Rabbit.Protocol.Messages;

namespace Rabbit.Client.Status;

/// <summary>What is known of one tunnel, kept up to date by those who run it, for whoever wants to show it.</summary>
/// <param name="name">Its name in the file, or null.</param>
/// <param name="options">Where it goes.</param>
/// <param name="time">The clock.</param>
internal sealed class TunnelStatus(string? name, ConnectOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly string _server = options.Server;
    private readonly string _local = options.Local.ToString();
    private TunnelState _state;
    private DateTimeOffset _since = time.GetUtcNow();
    private string? _reason;
    private DateTimeOffset? _nextTryAt;
    private string? _publicAddress;
    private ServiceHealth _service;
    private TimeSpan? _roundTrip;
    private string? _node;
    private string? _standby;

    /// <summary>Something has changed that is worth showing at once; called from any thread, and must not wait.</summary>
    public event Action? Changed;

    /// <summary>Its visitors and their bytes.</summary>
    public TunnelTraffic Traffic { get; } = new(time);

    /// <summary>It logs in; why it did not have a tunnel is worth knowing until it has one.</summary>
    public void Connecting() => Become(TunnelState.Connecting, _reason);

    /// <summary>It is live.</summary>
    public void Up(string publicAddress)
    {
        lock (_lock)
            _publicAddress = publicAddress;
        Become(TunnelState.Live, null);
    }

    /// <summary>Its session is with this node of the server's cluster; null where the server is none of several.</summary>
    public void LoggedInAt(string? node)
    {
        lock (_lock)
            _node = node;
        Changed?.Invoke();
    }

    /// <summary>It would go on at this node; null where it has no standby.</summary>
    public void StandbyAt(string? node)
    {
        lock (_lock)
        {
            if (_standby == node)
                return;
            _standby = node;
        }
        Changed?.Invoke();
    }

    /// <summary>It was lost, or could not be made.</summary>
    public void Lost(string reason, TimeSpan nextTryIn) => Become(TunnelState.Waiting, reason, time.GetUtcNow() + nextTryIn);

    /// <summary>It cannot be made.</summary>
    public void Failed(string reason) => Become(TunnelState.Failed, reason);

    /// <summary>It was ended on purpose.</summary>
    public void Stopped() => Become(TunnelState.Stopped, null);

    /// <summary>The local service works, or does not.</summary>
    public void ServiceIs(in ServiceHealth health)
    {
        lock (_lock)
            _service = health;
        Changed?.Invoke();
    }

    /// <summary>A heartbeat was answered.</summary>
    public void HeartbeatTook(TimeSpan roundTrip)
    {
        lock (_lock)
            _roundTrip = roundTrip;
    }

    /// <summary>All of it, now.</summary>
    public TunnelSnapshot Snapshot()
    {
        TrafficFigures traffic = Traffic.Measure();
        lock (_lock)
        {
            return new TunnelSnapshot(
                name, _state, _since, _reason, _nextTryAt, _server, _publicAddress, _local, _service.State, _service.State == ServiceState.Down ? _service.Sentence : null,
                _roundTrip?.TotalMilliseconds, traffic.VisitorsNow, traffic.VisitorsTotal, traffic.Up, traffic.Down, traffic.UpPerSecond, traffic.DownPerSecond)
            {
                Node = _node,
                Standby = _standby,
            };
        }
    }

    private void Become(TunnelState state, string? reason, DateTimeOffset? nextTryAt = null)
    {
        lock (_lock)
        {
            if (state != _state)
                _since = time.GetUtcNow();
            (_state, _reason, _nextTryAt) = (state, reason, nextTryAt);
            if (state != TunnelState.Live)
                (_roundTrip, _node) = (null, null);
        }
        Changed?.Invoke();
    }
}
