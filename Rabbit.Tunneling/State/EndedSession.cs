namespace Rabbit.Tunneling.State;

/// <summary>A stored session that has ended.</summary>
/// <param name="SessionId">The session.</param>
/// <param name="Epoch">Its last epoch.</param>
/// <param name="Reason">Why, as stored.</param>
public sealed record EndedSession(Guid SessionId, long Epoch, string Reason)
{
    /// <summary>The reason of a session whose client had not been seen for too long.</summary>
    public const string Stale = "stale";
}
