using Rabbit.Client.Commands;
using Rabbit.Client.Trust;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Messages;

namespace Rabbit.Client.Connection;

/// <summary>The server that a client was given, and the nodes of its cluster as it has told of them last. Any thread may call.</summary>
internal sealed class ServerPlaces(ConnectOptions options, ServerTrust trust, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<NodePlace, ServerPlace> _nodes = [];
    private bool _isTold;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The server that it was given.</summary>
    public ServerPlace Given { get; } = new(options, trust, time);

    /// <summary>Address of the node where the client is logged in, as that has said; null where it has not.</summary>
    public string? Active { get; private set; }

    /// <summary>The server tells of its cluster's nodes; those that it has not named any more are forgotten.</summary>
    public void Become(Nodes nodes)
    {
        lock (_lock)
        {
            var named = new HashSet<NodePlace>();
            (Active, _isTold) = (null, true);
            foreach (NodePlace node in nodes.Places.Take(Nodes.Most))
            {
                if (Read(node) is not { } asServer)
                    continue;
                if (node.IsThis)
                    Active = asServer.Server;
                NodePlace key = node with { IsThis = false };
                named.Add(key);
                if (!_nodes.ContainsKey(key))
                    _nodes[key] = ServerPlace.OfNode(asServer, trust, time);
            }
            foreach (NodePlace gone in _nodes.Keys.Except(named).ToList())
                _nodes.Remove(gone);
            TaskCompletionSource changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed.TrySetResult();
        }
    }

    /// <summary>A new session began; which node it is with, the server says next, if it is one of several.</summary>
    public void Forget()
    {
        lock (_lock)
            (Active, _isTold) = (null, false);
    }

    /// <summary>The nodes where the client is not logged in, and what tells that they have changed. Empty until this session's server has told of them.</summary>
    public (IReadOnlyList<ServerPlace> Places, Task Changed) Others()
    {
        lock (_lock)
            return (!_isTold ? [] : [.. _nodes.Values.Where(place => place.Address != Active)], _changed.Task);
    }

    /// <summary>All nodes.</summary>
    public IReadOnlyList<ServerPlace> All()
    {
        lock (_lock)
            return [.. _nodes.Values];
    }

    /// <summary>The place of an address that the server has named, <c>host:port</c>; null when it is none.</summary>
    public ServerPlace? Find(string address)
    {
        lock (_lock)
        {
            foreach (var (node, place) in _nodes)
            {
                if (node.Address == address)
                    return place;
            }
        }
        return Read(new NodePlace(false, address, "")) is { } other ? ServerPlace.OfNode(other, trust, time) : null;
    }

    /// <summary>The tunnel's options with this node for a server; null where its address or fingerprint is none.</summary>
    private ConnectOptions? Read(in NodePlace node)
    {
        if (ServerAddress.Read(node.Address) is not var (host, port))
            return null;
        string? fingerprint = options.Fingerprint;
        if (!options.Plaintext && node.Fingerprint.Length > 0)
        {
            try
            {
                fingerprint = CertificateFingerprint.Normalize(node.Fingerprint);
            }
            catch (FormatException)
            {
                return null;
            }
        }
        return options with { Host = host, Port = port, Fingerprint = fingerprint };
    }
}
