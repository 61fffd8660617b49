using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Rabbit.Tunneling.Handover;

/// <summary>Every socket on which this process listens, by name: what a successor is given. Any thread may call.</summary>
public sealed class ListeningSockets(IListenerParking? parking = null)
{
    private readonly ConcurrentDictionary<string, Socket> _sockets = new(StringComparer.Ordinal);
    private volatile bool _isLeaving;

    /// <summary>The sockets now.</summary>
    public IReadOnlyCollection<KeyValuePair<string, Socket>> All => [.. _sockets];

    /// <summary>A socket listens.</summary>
    public void Add(string name, Socket socket)
    {
        _sockets[name] = socket;
        parking?.Park(name, socket);
    }

    /// <summary>It is about to be closed.</summary>
    public void Remove(string name, Socket socket)
    {
        if (_sockets.TryRemove(new KeyValuePair<string, Socket>(name, socket)) && !_isLeaving)
            parking?.Unpark(name);
    }

    /// <summary>From now on ports are closed because the process ends, and not because they are given up: what is parked stays so.</summary>
    public void Leave() => _isLeaving = true;
}
