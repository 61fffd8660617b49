using Rabbit.Tunneling.State;

namespace Rabbit.Tests.Persistence;

internal static class LogEntries
{
    /// <summary>A visitor who has just come.</summary>
    public static ConnectionLogEntry Of(string tokenId, DateTimeOffset at) => new(
        Guid.CreateVersion7(at), "team", tokenId, SessionId: null, Port: 10000, "203.0.113.7", 51000, at, TimeSpan.Zero,
        BytesFromVisitor: 0, BytesToVisitor: 0, ConnectionStatus.Active, "");
}
