using System.Threading.Channels;

namespace Rabbit.Tunneling.State;

/// <summary>
/// How servers on one database tell each other at once that a token was revoked or deleted. What is heard is a hint to ask
/// the database, never a reason by itself: it may be forged, late, or missing.
/// </summary>
public interface IRevocations
{
    /// <summary>Tells the other servers; returns at once and never fails. Nobody need hear it.</summary>
    void Publish(string tokenId);

    /// <summary>What servers have said, this one included. Never completes; what does not fit is dropped.</summary>
    ChannelReader<Revocation> Heard { get; }
}
