namespace Rabbit.Client.Connection;

/// <summary>The server cannot be reached or cannot take the tunnel now; a later try may succeed.</summary>
/// <param name="message">Why, as a phrase.</param>
/// <param name="retryAfter">Least time to wait, as the server asked, or zero.</param>
/// <param name="yield">True to come back only when nobody else holds the tunnel.</param>
/// <param name="atOnce">True when the server said when to come back: then the time is exact.</param>
/// <param name="isStranger">True when something answered that is no Rabbit server.</param>
internal sealed class ServerUnavailableException(
    string message, TimeSpan retryAfter = default, bool yield = false, bool atOnce = false, bool isStranger = false) : Exception(message)
{
    /// <summary>
    /// What answers is no Rabbit server: a wrong address, or, where a server was before, something that stands in for it
    /// while it is replaced.
    /// </summary>
    public bool IsStranger => isStranger;

    /// <summary>Come back after exactly <see cref="RetryAfter"/>.</summary>
    public bool AtOnce => atOnce;

    public TimeSpan RetryAfter => retryAfter;

    public bool Yield => yield;
}
