using Rabbit.Protocol.Messages;

namespace Rabbit.Tunneling.Sessions;

/// <summary>What a client is told when its session ends while the server goes on.</summary>
internal static class Goodbyes
{
    private static readonly TimeSpan SupersededRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ClosedRetry = TimeSpan.FromSeconds(30);

    /// <summary>A newer login has taken over.</summary>
    public static GoAway Superseded { get; } = new(
        GoAwayReason.Superseded, SupersededRetry, "", "Another client connected with the same token and has taken over the tunnel.");

    /// <summary>The token is not valid any more.</summary>
    public static GoAway Revoked { get; } = new(
        GoAwayReason.Revoked, TimeSpan.Zero, "", "The token was revoked; ask the server's operator for a new one.");

    /// <summary>The token's time is over.</summary>
    public static GoAway Expired { get; } = new(
        GoAwayReason.Expired, TimeSpan.Zero, "", "The token has expired; ask the server's operator for a new one.");

    /// <summary>The secret that it logged in with is not valid any more.</summary>
    public static GoAway Rotated { get; } = new(
        GoAwayReason.Revoked, TimeSpan.Zero, "", "The token has a new secret, and the time of the old one is over; give the client the new token.");

    /// <summary>An operator closed the session, and may have said why.</summary>
    public static GoAway Closed(string reason)
    {
        string sentence = reason.Length > 0 ? $"An operator closed the session ({reason})" : "An operator closed the session";
        return new GoAway(GoAwayReason.Closed, ClosedRetry, "", $"{sentence}; the client comes back by itself.");
    }

    /// <summary>It has sent what the protocol does not allow.</summary>
    public static GoAway ProtocolBroken { get; } = new(
        GoAwayReason.Protocol, TimeSpan.Zero, "", "The client broke the protocol; update it to the server's version.");

    /// <summary>The node is drained, and the others take its clients; at once, since nobody else serves the tunnel meanwhile.</summary>
    /// <param name="host">The node to go to, <c>host:port</c>; empty for any.</param>
    public static GoAway Draining(string host) => new(
        GoAwayReason.Shutdown, TimeSpan.Zero, host, "This node of the cluster is going; the client goes to another by itself.");
}
