using System.Collections.Concurrent;
using System.Security.Cryptography;
using Rabbit.Protocol.Transport;

namespace Rabbit.Tunneling.Sessions;

/// <summary>
/// The legacy data channels that clients were told to open. Ids are 128 random bits, good once and for as long as their
/// visitor waits; they alone prove that a connection is the one asked for.
/// </summary>
internal sealed class LegacyChannels
{
    private readonly ConcurrentDictionary<Guid, (LegacySession Session, ChannelRequest Request)> _expected = new();

    /// <summary>Makes an id for a visitor's request.</summary>
    public Guid Expect(LegacySession session, ChannelRequest request)
    {
        var id = new Guid(RandomNumberGenerator.GetBytes(16));
        _expected[id] = (session, request);
        return id;
    }

    /// <summary>Takes an id out, whether it was used or not.</summary>
    public void Forget(Guid id) => _expected.TryRemove(id, out _);

    /// <summary>Gives a connection that presented <paramref name="id"/> to its visitor; false when nobody waits for it.</summary>
    public bool TryGive(Guid id, Func<RelayEnd> detach)
    {
        if (!_expected.TryRemove(id, out var expected))
            return false;
        RelayEnd channel = detach();
        if (expected.Request.TryGive(channel))
            return true;
        channel.Abort();
        return false;
    }

    /// <summary>The session has ended: its visitors wait no longer.</summary>
    public void FailAll(LegacySession session)
    {
        foreach (var (id, expected) in _expected)
        {
            if (expected.Session == session && _expected.TryRemove(id, out _))
                expected.Request.TryFail(ChannelFailure.SessionEnded);
        }
    }
}
