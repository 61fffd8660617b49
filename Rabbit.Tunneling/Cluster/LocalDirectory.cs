using System.Threading.Channels;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Cluster;

/// <summary>The directory of a lone server: whatever has a session here is its own.</summary>
internal sealed class LocalDirectory : ITunnelDirectory
{
    private readonly Channel<string> _never = Channel.CreateUnbounded<string>();

    /// <inheritdoc/>
    public bool IsShared => false;

    /// <inheritdoc/>
    public ClusterNode Self => throw new InvalidOperationException("A lone server is no node.");

    /// <inheritdoc/>
    public IReadOnlyCollection<ClusterNode> Nodes => [];

    /// <inheritdoc/>
    public IReadOnlyCollection<TunnelRoute> Routes => [];

    /// <inheritdoc/>
    public ChannelReader<string> Changed => _never.Reader;

    /// <inheritdoc/>
    public TunnelRoute? Find(string tokenId) => null;

    /// <inheritdoc/>
    public ValueTask<Claim> ClaimAsync(TokenRecord token, Guid lastSessionId, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public void Publish(TunnelRoute route)
    {
    }

    /// <inheritdoc/>
    public void Release(string tokenId, long epoch)
    {
    }

    /// <inheritdoc/>
    public void Announce()
    {
    }

    /// <inheritdoc/>
    public ValueTask<bool> ConfirmAsync(string tokenId, long epoch) => ValueTask.FromResult(true);
}
