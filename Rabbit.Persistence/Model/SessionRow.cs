using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Model;

internal enum SessionStatus
{
    Active,
    Inactive,
}

internal sealed class SessionRow
{
    public Guid Id { get; set; }

    public required string TokenId { get; set; }

    public TokenRow? Token { get; set; }

    public int Port { get; set; }

    public long Epoch { get; set; }

    public SessionProtocol Protocol { get; set; }

    public SessionStatus Status { get; set; }

    public required string Node { get; set; }

    public required string ClientAddress { get; set; }

    public required string ClientName { get; set; }

    public required string ClientSoftware { get; set; }

    public int LocalPort { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset ConnectedAt { get; set; }

    public DateTimeOffset LastSeenAt { get; set; }

    /// <summary>The server's accumulated uptime, in seconds, when the client was last seen.</summary>
    public double SeenUptime { get; set; }

    /// <summary>Null as long as the session can be restored.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    public string EndReason { get; set; } = "";
}
