namespace Rabbit.Client.Connection;

/// <summary>The server cannot be reached or cannot take the tunnel now; a later try may succeed.</summary>
/// <param name="message">Why, as a phrase.</param>
/// <param name="retryAfter">Least time to wait, as the server asked, or zero.</param>
/// <param name="yield">True to come back only when nobody else holds the tunnel.</param>
internal sealed class ServerUnavailableException(string message, TimeSpan retryAfter = default, bool yield = false) : Exception(message)
{
    public TimeSpan RetryAfter => retryAfter;

    public bool Yield => yield;
}
