using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Model;

/// <summary>One visitor. It names its token without a foreign key, so that the log outlives the token.</summary>
internal sealed class ConnectionLogRow
{
    public Guid Id { get; set; }

    public required string TokenId { get; set; }

    public Guid? SessionId { get; set; }

    public int Port { get; set; }

    public required string VisitorAddress { get; set; }

    public int VisitorPort { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public long DurationMs { get; set; }

    public long BytesFromVisitor { get; set; }

    public long BytesToVisitor { get; set; }

    public ConnectionStatus Status { get; set; }

    public string Reason { get; set; } = "";

    public string Node { get; set; } = "";
}
