using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Model;

/// <summary>
/// One visitor. It names team and token without foreign keys, so that the log outlives them. The key begins with the time,
/// by which PostgreSQL keeps the rows in partitions of a month, and by which they are read page by page.
/// </summary>
internal sealed class ConnectionLogRow
{
    public Guid Id { get; set; }

    public required string TeamId { get; set; }

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
