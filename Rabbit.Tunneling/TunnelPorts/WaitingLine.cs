namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>
/// The visitors that wait for one tunnel's client, in the order in which they were accepted, also when some had left the line already and
/// lost their client again. When the client is there they are let go one after the other, each when the one before has asked for its data
/// channel, and no more at once than a client can open channels for. Any thread may call.
/// </summary>
internal sealed class WaitingLine
{
    /// <summary>Visitors of the line that may be without their channel at once: a client that was just started opens so many in a moment.</summary>
    public const int MostOpening = 128;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<ulong, WaitingPlace> _waiting = [];
    private WaitingPlace? _next;
    private int _opening;
    private int _count;
    private bool _isOpen;

    /// <summary>Visitors in the line; who comes while there are any must queue up, or would be before them.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes a place for the visitor of this number, if fewer than so many are taken.</summary>
    public WaitingPlace? TryJoin(ulong number, int most)
    {
        var place = new WaitingPlace(this, number);
        lock (_lock)
        {
            if (_waiting.Count >= most)
                return null;
            _waiting.Add(number, place);
            Recount();
        }
        Advance();
        return place;
    }

    /// <summary>The client is there.</summary>
    public void Open() => Volatile.Write(ref _isOpen, true);

    /// <summary>The client has left.</summary>
    public void Close() => Volatile.Write(ref _isOpen, false);

    /// <summary>Lets the next one go, if it may.</summary>
    public void Advance()
    {
        CancellationTokenSource turn;
        lock (_lock)
        {
            if (_next is not null || _opening >= MostOpening || _waiting.Count == 0 || !Volatile.Read(ref _isOpen))
                return;
            (_, _next) = _waiting.First();
            _waiting.Remove(_next.Number);
            turn = _next.Turn;
        }
        // Never on the caller's stack, where that visitor would go on, and advance the line, and so on.
        ThreadPool.UnsafeQueueUserWorkItem(static turn => turn.Cancel(), turn, preferLocal: false);
    }

    /// <summary>The one that was let go has asked for its channel.</summary>
    internal void Asked(WaitingPlace place)
    {
        lock (_lock)
        {
            if (_next != place)
                return;
            _next = null;
            _opening++;
            place.IsOpening = true;
            Recount();
        }
        Advance();
    }

    /// <summary>It lost its client before it had a channel: it is back where it was.</summary>
    internal void Return(WaitingPlace place)
    {
        lock (_lock)
        {
            TakeOut(place);
            place.Renew();
            _waiting.Add(place.Number, place);
            Recount();
        }
        Advance();
    }

    /// <summary>It has its channel, or has gone.</summary>
    internal void Leave(WaitingPlace place)
    {
        lock (_lock)
        {
            TakeOut(place);
            Recount();
        }
        Advance();
    }

    private void TakeOut(WaitingPlace place)
    {
        if (_next == place)
            _next = null;
        else if (place.IsOpening)
            _opening--;
        else
            _waiting.Remove(place.Number);
        place.IsOpening = false;
    }

    private void Recount() => Volatile.Write(ref _count, _waiting.Count + (_next is null ? 0 : 1));
}
