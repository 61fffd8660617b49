namespace Rabbit.Tunneling.State;

/// <summary>The database does not answer or refuses to work now; the same call may succeed later.</summary>
/// <param name="message">One sentence for the operator.</param>
/// <param name="inner">What the database said.</param>
/// <param name="passes">False when only the operator can mend it, so that a start need not wait for it.</param>
public sealed class StoreUnavailableException(string message, Exception? inner = null, bool passes = true) : Exception(message, inner)
{
    /// <summary>True when it may pass by itself: the database is down, starting, busy, full or out of reach.</summary>
    public bool Passes => passes;
}
