using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api.Connections;

/// <summary>A visitor's connection.</summary>
/// <param name="Id">Its id.</param>
/// <param name="TeamId">The team of the tunnel.</param>
/// <param name="TokenId">The token of the tunnel.</param>
/// <param name="SessionId">The session that served it, or null.</param>
/// <param name="Port">The tunnel port.</param>
/// <param name="VisitorAddress">Where the visitor came from.</param>
/// <param name="VisitorPort">From which port.</param>
/// <param name="StartedAt">When it was accepted.</param>
/// <param name="DurationMs">How long it lasted, or has lasted, in milliseconds.</param>
/// <param name="BytesFromVisitor">Bytes that the visitor sent.</param>
/// <param name="BytesToVisitor">Bytes that the visitor got.</param>
/// <param name="Status">How it stands or ended.</param>
/// <param name="Reason">Why, or empty.</param>
internal sealed record ConnectionSummary(
    Guid Id, string TeamId, string TokenId, Guid? SessionId, int Port, string VisitorAddress, int VisitorPort, DateTimeOffset StartedAt,
    long DurationMs, long BytesFromVisitor, long BytesToVisitor, ConnectionStatus Status, string Reason)
{
    public static ConnectionSummary Of(ConnectionLogEntry entry) => new(
        entry.Id, entry.TeamId, entry.TokenId, entry.SessionId, entry.Port, entry.VisitorAddress, entry.VisitorPort, entry.StartedAt,
        (long)entry.Duration.TotalMilliseconds, entry.BytesFromVisitor, entry.BytesToVisitor, entry.Status, entry.Reason);
}
