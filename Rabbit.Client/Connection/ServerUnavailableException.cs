namespace Rabbit.Client.Connection;

/// <summary>The server cannot be reached or cannot take the tunnel now; a later try may succeed.</summary>
/// <param name="message">Why, as a phrase.</param>
/// <param name="retryAfter">Least time to wait, as the server asked, or zero.</param>
/// <param name="yield">True to come back only when nobody else holds the tunnel.</param>
/// <param name="isStranger">True when something answered that is no Rabbit server.</param>
/// <param name="comeAtOnce">True when the server asked for that, after <paramref name="retryAfter"/>.</param>
internal sealed class ServerUnavailableException(
    string message, TimeSpan retryAfter = default, bool yield = false, bool isStranger = false, bool comeAtOnce = false) : Exception(message)
{
    /// <summary>
    /// What answers is no Rabbit server: a wrong address, or, where a server was before, something that stands in for it
    /// while it is replaced.
    /// </summary>
    public bool IsStranger => isStranger;

    public TimeSpan RetryAfter => retryAfter;

    public bool Yield => yield;

    public bool ComeAtOnce => comeAtOnce;

    /// <summary>Where the server asked to come back, <c>host:port</c>; empty: to itself.</summary>
    public string Host { get; init; } = "";

    /// <summary>True when a Rabbit server has answered, and turned the login away.</summary>
    public bool HasAnswered { get; init; }
}
