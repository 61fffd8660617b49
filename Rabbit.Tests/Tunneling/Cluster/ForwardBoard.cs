using System.Collections.Concurrent;
using System.Threading.Channels;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;

namespace Rabbit.Tests.Tunneling.Cluster;

/// <summary>What PostgreSQL and Redis know in a cluster, in memory: who owns what, and which nodes live. Each node has a view of its own.</summary>
internal sealed class ForwardBoard
{
    private readonly ConcurrentDictionary<string, TunnelRoute> _routes = new();
    private readonly ConcurrentDictionary<string, long> _epochs = new();
    private readonly ConcurrentDictionary<string, ClusterNode> _nodes = new();
    private readonly ConcurrentDictionary<string, View> _views = new();

    public View ViewOf(string node) => _views.GetOrAdd(node, name => new View(this, name));

    /// <summary>A node is alive, with these addresses.</summary>
    public void Join(ClusterNode node) => _nodes[node.Name] = node;

    /// <summary>Its lease has run out.</summary>
    public void Leave(string node)
    {
        _nodes.TryRemove(node, out _);
        foreach (TunnelRoute route in _routes.Values.Where(route => route.Node == node))
        {
            _routes.TryRemove(new KeyValuePair<string, TunnelRoute>(route.TokenId, route));
            Tell(route.TokenId);
        }
    }

    private void Tell(string tokenId)
    {
        foreach (View view in _views.Values)
            view.Tell(tokenId, _routes.GetValueOrDefault(tokenId));
    }

    /// <summary>The directory of one node.</summary>
    internal sealed class View(ForwardBoard board, string name) : ITunnelDirectory
    {
        private readonly Channel<string> _changed = Channel.CreateUnbounded<string>();
        private readonly ConcurrentDictionary<string, TunnelRoute?> _seen = new();
        private readonly ConcurrentDictionary<string, bool> _untold = new();
        private readonly Guid _run = Guid.NewGuid();
        private volatile bool _isDeaf;

        public ForwardBoard Board => board;

        public bool IsShared => true;

        public ClusterNode Self => board._nodes.GetValueOrDefault(name)
            ?? new ClusterNode(name, _run, "", "", "", "test", DateTimeOffset.UnixEpoch, 0, 0, IsDraining: false);

        public IReadOnlyCollection<ClusterNode> Nodes => [.. board._nodes.Values];

        public IReadOnlyCollection<TunnelRoute> Routes => [.. _seen.Values.OfType<TunnelRoute>()];

        public ChannelReader<string> Changed => _changed.Reader;

        /// <summary>Set to true, it hears of no change until it is false again.</summary>
        public bool IsDeaf
        {
            get => _isDeaf;
            set
            {
                _isDeaf = value;
                foreach (string tokenId in value ? [] : _untold.Keys)
                {
                    _untold.TryRemove(tokenId, out _);
                    Tell(tokenId, board._routes.GetValueOrDefault(tokenId));
                }
            }
        }

        public TunnelRoute? Find(string tokenId) => _seen.GetValueOrDefault(tokenId);

        public ValueTask<Claim> ClaimAsync(TokenRecord token, Guid lastSessionId, CancellationToken cancellationToken) =>
            ValueTask.FromResult(new Claim(board._epochs.AddOrUpdate(token.TokenId, 1, (_, epoch) => epoch + 1), Superseded: false));

        public void Publish(TunnelRoute route)
        {
            board._routes[route.TokenId] = route;
            board.Tell(route.TokenId);
        }

        public void Release(string tokenId, long epoch)
        {
            if (board._routes.TryGetValue(tokenId, out TunnelRoute? route) && route.Epoch == epoch
                && board._routes.TryRemove(new KeyValuePair<string, TunnelRoute>(tokenId, route)))
                board.Tell(tokenId);
        }

        public void Announce()
        {
        }

        public ValueTask<bool> ConfirmAsync(string tokenId, long epoch) => ValueTask.FromResult(board._epochs.GetValueOrDefault(tokenId) == epoch);

        internal void Tell(string tokenId, TunnelRoute? route)
        {
            if (_isDeaf)
            {
                _untold[tokenId] = true;
                return;
            }
            _seen[tokenId] = route;
            _changed.Writer.TryWrite(tokenId);
        }
    }
}
