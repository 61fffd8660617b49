using System.Threading.Channels;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Revocations;

/// <summary>Without Redis nothing is said and nothing heard: what other servers revoke is found in the database.</summary>
internal sealed class SilentRevocations : IRevocations
{
    /// <inheritdoc/>
    public ChannelReader<Revocation> Heard { get; } = Channel.CreateBounded<Revocation>(1).Reader;

    /// <inheritdoc/>
    public void Publish(string tokenId)
    {
    }
}
