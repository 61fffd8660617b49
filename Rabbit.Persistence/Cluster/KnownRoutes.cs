using System.Collections.Concurrent;
using Rabbit.Tunneling.Cluster;

namespace Rabbit.Persistence.Cluster;

/// <summary>
/// The live nodes and the owners of tunnels as this node has seen them last: by hints, whose versions tell whether one is missing, and
/// then from the index. Of this node's own routes it alone decides. Any thread may call.
/// </summary>
internal sealed class KnownRoutes(Guid run, ChangedTokens changed)
{
    // More hints than that out of order are no disorder: the index is read.
    private const int MostAhead = 10_000;

    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, TunnelRoute> _routes = new(StringComparer.Ordinal);
    private readonly SortedSet<long> _ahead = [];
    private HashSet<(string TokenId, long Epoch)>? _goneMeanwhile;
    private Dictionary<string, ClusterNode> _nodes = new(StringComparer.Ordinal);
    private long _version;

    /// <summary>The version of the index up to which nothing is missing here.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>The live nodes.</summary>
    public IReadOnlyCollection<ClusterNode> Nodes => Volatile.Read(ref _nodes).Values;

    /// <summary>Routes whose node is live.</summary>
    public IReadOnlyCollection<TunnelRoute> Routes => [.. _routes.Values.Where(IsLive)];

    /// <summary>The route of a token, on a live node; or null.</summary>
    public TunnelRoute? Find(string tokenId) => _routes.TryGetValue(tokenId, out TunnelRoute? route) && IsLive(route) ? route : null;

    /// <summary>The route of a token on any node, also one that is gone; or null.</summary>
    public TunnelRoute? FindAny(string tokenId) => _routes.GetValueOrDefault(tokenId);

    /// <summary>Routes of other nodes that are gone.</summary>
    public IEnumerable<TunnelRoute> Dead => _routes.Values.Where(route => !IsLive(route));

    /// <summary>This node serves a tunnel.</summary>
    public void Add(TunnelRoute own)
    {
        lock (_lock)
            _routes[own.TokenId] = own;
    }

    /// <summary>This node serves a tunnel no more.</summary>
    public void Remove(string tokenId, long epoch)
    {
        lock (_lock)
        {
            if (_routes.TryGetValue(tokenId, out TunnelRoute? route) && route.Run == run && route.Epoch == epoch)
                _routes.TryRemove(tokenId, out _);
        }
    }

    /// <summary>Takes in what a node has told; false when it names a node that is not known as live, so that the nodes are to be looked at.</summary>
    public bool Hear(in RouteHint hint)
    {
        lock (_lock)
        {
            Note(hint.Version);
            if (hint.Kind == RouteHintKind.Gone)
            {
                _goneMeanwhile?.Add((hint.TokenId, hint.Epoch));
                if (_routes.TryGetValue(hint.TokenId, out TunnelRoute? route) && route.Run != run && route.Epoch == hint.Epoch)
                    Drop(route);
            }
            else if (hint.Route is { } route)
            {
                Take(route);
                return route.Run == run || IsLive(route);
            }
            return true;
        }
    }

    /// <summary>Takes in which nodes are live. Those that are missing stay while <paramref name="keepMissing"/>.</summary>
    public void SetNodes(IEnumerable<ClusterNode> live, ClusterNode self, bool keepMissing)
    {
        lock (_lock)
        {
            var nodes = new Dictionary<string, ClusterNode>(StringComparer.Ordinal);
            foreach (ClusterNode node in live.Append(self))
                nodes[node.Name] = node;
            Dictionary<string, ClusterNode> before = _nodes;
            foreach (var (name, node) in before.Where(_ => keepMissing))
                nodes.TryAdd(name, node);
            Volatile.Write(ref _nodes, nodes);
            if (nodes.Count == before.Count && nodes.Values.All(node => before.TryGetValue(node.Name, out ClusterNode? was) && was.Run == node.Run))
                return;
            foreach (TunnelRoute route in _routes.Values)
            {
                if (nodes.GetValueOrDefault(route.Node)?.Run != before.GetValueOrDefault(route.Node)?.Run)
                    changed.Add(route.TokenId);
            }
        }
    }

    /// <summary>
    /// Reads the index, which had this version a moment ago. Routes that it does not have are dropped unless <paramref name="keepMissing"/>.
    /// Returns those that it has as this run's own and that are not known here: their end was not told.
    /// </summary>
    public async Task<IReadOnlyList<TunnelRoute>> ReadAsync(RouteStore store, long version, bool keepMissing)
    {
        Dictionary<string, TunnelRoute> missing;
        var left = new List<TunnelRoute>();
        lock (_lock)
        {
            missing = new Dictionary<string, TunnelRoute>(_routes.Where(route => route.Value.Run != run), StringComparer.Ordinal);
            _goneMeanwhile = [];
            Volatile.Write(ref _version, version);
            _ahead.RemoveWhere(ahead => ahead <= version);
            Advance();
        }
        try
        {
            await foreach (TunnelRoute route in store.ReadAllAsync())
            {
                missing.Remove(route.TokenId);
                lock (_lock)
                {
                    if (_goneMeanwhile.Contains((route.TokenId, route.Epoch)))
                        continue;
                    if (route.Run == run && _routes.GetValueOrDefault(route.TokenId)?.Epoch != route.Epoch)
                        left.Add(route);
                    Take(route);
                }
            }
        }
        catch
        {
            Volatile.Write(ref _version, -1); // To be read again.
            throw;
        }
        lock (_lock)
        {
            _goneMeanwhile = null;
            foreach (TunnelRoute route in missing.Values.Where(_ => !keepMissing))
            {
                if (_routes.GetValueOrDefault(route.TokenId) == route)
                    Drop(route);
            }
        }
        return left;
    }

    private bool IsLive(TunnelRoute route) => Volatile.Read(ref _nodes).GetValueOrDefault(route.Node)?.Run == route.Run;

    private void Take(TunnelRoute route)
    {
        if (route.Run == run || (_routes.TryGetValue(route.TokenId, out TunnelRoute? known) && (known.Epoch > route.Epoch || known == route)))
            return;
        _routes[route.TokenId] = route;
        changed.Add(route.TokenId);
    }

    private void Drop(TunnelRoute route)
    {
        _routes.TryRemove(route.TokenId, out _);
        changed.Add(route.TokenId);
    }

    private void Note(long version)
    {
        if (version <= _version)
            return;
        if (_ahead.Count < MostAhead)
            _ahead.Add(version);
        Advance();
    }

    private void Advance()
    {
        while (_ahead.Count > 0 && _ahead.Min == _version + 1)
        {
            _ahead.Remove(_version + 1);
            Volatile.Write(ref _version, _version + 1);
        }
        if (_ahead.Count >= MostAhead)
            _ahead.Clear();
    }
}
