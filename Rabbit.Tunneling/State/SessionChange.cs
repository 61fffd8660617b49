namespace Rabbit.Tunneling.State;

/// <summary>A step in a session's life, to be stored in the order in which the steps happened.</summary>
public abstract record SessionChange
{
    private SessionChange()
    {
    }

    /// <summary>
    /// A client logged in: insert the row, or bring the row of the same id back to active with the new epoch and
    /// addresses. Every other session of the token that has not ended ends as superseded, in the same transaction, and
    /// the token's last use is recorded.
    /// </summary>
    public sealed record Opened(SessionRecord Session) : SessionChange;

    /// <summary>The client was lost: the row goes inactive but stays restorable.</summary>
    public sealed record Lost(Guid SessionId, long Epoch, DateTimeOffset At, string Reason) : SessionChange;

    /// <summary>The session is over: the row is inactive and never restored.</summary>
    public sealed record Ended(Guid SessionId, long Epoch, DateTimeOffset At, string Reason) : SessionChange;
}
