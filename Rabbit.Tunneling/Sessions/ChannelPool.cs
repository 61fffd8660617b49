using System.Net.Sockets;
using Rabbit.Protocol.Transport;

namespace Rabbit.Tunneling.Sessions;

/// <summary>
/// The data channels of one session that wait for visitors. A visitor takes a ready one at once, and its place is asked for
/// again; a visitor who finds none waits for the next to arrive. The number kept ready doubles when a visitor had to wait
/// and halves while nobody comes.
/// </summary>
internal sealed class ChannelPool
{
    /// <summary>Channels kept ready at most, however often a visitor had to wait.</summary>
    public const int MaximumReady = 64;

    /// <summary>A large pool is refilled by this part of it at once, so that not every visitor costs a request; a small one at once.</summary>
    private const int RefillPart = 8;

    private readonly int _maximumWaiting;
    private readonly Action<int> _request;
    private readonly Lock _lock = new();
    private readonly Stack<RelayEnd> _ready = new();
    private readonly Queue<ChannelRequest> _waiting = new();
    private int _minimum;
    private int _target;
    private int _requested;
    private int _takenSinceSweep;
    private long _replacedAt;
    private bool _closed;

    /// <param name="minimum">Channels kept ready at least; the client opens so many by itself when it is greeted.</param>
    /// <param name="maximumWaiting">Visitors that may wait at once.</param>
    /// <param name="request">Asks the client for that many more channels; must not block.</param>
    /// <param name="isFilledAtOnce">False where nothing opens the first channels by itself.</param>
    public ChannelPool(int minimum, int maximumWaiting, Action<int> request, bool isFilledAtOnce = true)
    {
        _minimum = minimum;
        _maximumWaiting = maximumWaiting;
        _request = request;
        _target = minimum;
        _requested = isFilledAtOnce ? minimum : 0;
    }

    /// <summary>Channels ready for visitors now.</summary>
    public int Ready
    {
        get
        {
            lock (_lock)
                return _ready.Count;
        }
    }

    /// <summary>Changes how many are kept ready at least; more are asked for with the next visitor, and fewer kept from the next sweep on.</summary>
    public void KeepReady(int minimum)
    {
        lock (_lock)
        {
            _target = minimum == 0 ? 0 : Math.Max(minimum, _target);
            _minimum = minimum;
        }
    }

    /// <summary>Takes a ready channel, or waits for one until <paramref name="timeout"/>.</summary>
    public ValueTask<(RelayEnd? Channel, ChannelFailure Failure)> TakeAsync(TimeSpan timeout, TimeProvider time)
    {
        ChannelRequest? waiter = null;
        RelayEnd? ready;
        int missing;
        lock (_lock)
        {
            if (_closed)
                return ValueTask.FromResult<(RelayEnd?, ChannelFailure)>((null, ChannelFailure.SessionEnded));
            _takenSinceSweep++;
            if (!TryPopLive(out ready))
            {
                if (_waiting.Count >= _maximumWaiting)
                    return ValueTask.FromResult<(RelayEnd?, ChannelFailure)>((null, ChannelFailure.TooManyWaiting));
                if (_minimum > 0)
                    _target = Math.Max(_minimum, Math.Min(_target * 2, MaximumReady));
                waiter = new ChannelRequest();
                _waiting.Enqueue(waiter);
            }
            missing = CountMissing();
        }
        Request(missing);
        return waiter is null ? ValueTask.FromResult<(RelayEnd?, ChannelFailure)>((ready, ChannelFailure.None)) : new(waiter.WaitAsync(timeout, time));
    }

    /// <summary>Gives an authenticated channel to the first visitor in the queue, or keeps it ready; closes it when neither is wanted.</summary>
    /// <param name="channel">The pool's from now on.</param>
    /// <param name="onlyForWaiting">True where it is good enough for who waits, and not to be kept.</param>
    public async ValueTask AddAsync(RelayEnd channel, bool onlyForWaiting = false)
    {
        if (!TryPlace(channel, onlyForWaiting))
            await channel.DisposeAsync();
    }

    /// <summary>
    /// The client reports that it could not open so many of the channels asked for: visitors for whom none is on its way any
    /// more are told at once.
    /// </summary>
    public void OpenFailed(int count)
    {
        List<ChannelRequest> failed = [];
        lock (_lock)
        {
            _requested = Math.Max(0, _requested - count);
            while (_waiting.Count > _requested && _waiting.TryDequeue(out ChannelRequest? waiter))
                failed.Add(waiter);
        }
        failed.ForEach(waiter => waiter.TryFail(ChannelFailure.ClientFailed));
    }

    /// <summary>
    /// Housekeeping, once a heartbeat: drops ready channels that the client or the network has closed, forgets requests that
    /// were never answered, and shrinks while nobody comes.
    /// </summary>
    public async ValueTask SweepAsync()
    {
        List<RelayEnd> dropped = [];
        int missing;
        lock (_lock)
        {
            if (_closed)
                return;
            if (_takenSinceSweep == 0)
                _target = Math.Max(_minimum, _target / 2);
            _takenSinceSweep = 0;

            RelayEnd[] ready = [.. _ready];
            _ready.Clear();
            foreach (RelayEnd channel in ready.Reverse())
            {
                if (_ready.Count < _target && IsLive(channel))
                    _ready.Push(channel);
                else
                    dropped.Add(channel);
            }
            _requested = 0;
            missing = CountMissing();
        }
        Request(missing);
        foreach (RelayEnd channel in dropped)
            await channel.DisposeAsync();
    }

    /// <summary>
    /// A channel that was taken at <paramref name="takenAt"/> turned out to be dead, though nothing had said so: those that were ready
    /// then are probably no better, and are asked for anew.
    /// </summary>
    public async ValueTask ReplaceReadyAsync(long takenAt, TimeProvider time)
    {
        List<RelayEnd> dropped;
        int missing;
        lock (_lock)
        {
            if (_closed || takenAt < _replacedAt)
                return;
            _replacedAt = time.GetTimestamp();
            dropped = [.. _ready];
            _ready.Clear();
            _requested = 0; // Those under way may be dead too.
            missing = CountMissing();
        }
        Request(missing);
        foreach (RelayEnd channel in dropped)
            await channel.DisposeAsync();
    }

    /// <summary>Closes every ready channel and fails every waiting visitor.</summary>
    public async ValueTask CloseAsync()
    {
        List<RelayEnd> dropped;
        List<ChannelRequest> failed;
        lock (_lock)
        {
            _closed = true;
            dropped = [.. _ready];
            failed = [.. _waiting];
            _ready.Clear();
            _waiting.Clear();
        }
        failed.ForEach(waiter => waiter.TryFail(ChannelFailure.SessionEnded));
        foreach (RelayEnd channel in dropped)
            await channel.DisposeAsync();
    }

    private bool TryPlace(RelayEnd channel, bool onlyForWaiting)
    {
        bool isNew = true;
        while (true)
        {
            ChannelRequest? waiter;
            int missing;
            lock (_lock)
            {
                if (isNew)
                    _requested = Math.Max(0, _requested - 1);
                isNew = false;
                if (_closed)
                    return false;
                if (!_waiting.TryDequeue(out waiter))
                {
                    if (onlyForWaiting || _ready.Count >= _target)
                        return false;
                    _ready.Push(channel);
                    return true;
                }
                missing = CountMissing();
            }
            // Outside the lock, since the visitor goes on in here.
            Request(missing);
            if (waiter.TryGive(channel))
                return true;
        }
    }

    private bool TryPopLive(out RelayEnd? channel)
    {
        while (_ready.TryPop(out channel))
        {
            if (IsLive(channel))
                return true;
            channel.Abort();
        }
        return false;
    }

    // The client says nothing on a waiting channel, so one that is readable has been closed.
    private static bool IsLive(RelayEnd channel)
    {
        try
        {
            return !channel.HasUnread && !channel.Socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Channels to ask for now; they count as asked for.</summary>
    private int CountMissing()
    {
        int missing = _target + _waiting.Count - _ready.Count - _requested;
        if (missing < (_waiting.Count > _requested ? 1 : Math.Max(1, _target / RefillPart)))
            return 0;
        _requested += missing;
        return missing;
    }

    private void Request(int missing)
    {
        if (missing > 0)
            _request(missing);
    }
}
