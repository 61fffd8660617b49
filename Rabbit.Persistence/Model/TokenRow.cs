using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Model;

internal sealed class TokenRow
{
    /// <summary>The public part of the token.</summary>
    public required string Id { get; set; }

    public required string TeamId { get; set; }

    public TeamRow? Team { get; set; }

    public required string Name { get; set; }

    public string Description { get; set; } = "";

    /// <summary>SHA-256 of the secret; the secret itself is stored nowhere.</summary>
    public required byte[] SecretHash { get; set; }

    /// <summary>SHA-256 of the secret before the last rotation, valid until <see cref="PreviousSecretUntil"/>; or null.</summary>
    public byte[]? PreviousSecretHash { get; set; }

    public DateTimeOffset? PreviousSecretUntil { get; set; }

    /// <summary>Grows with every change that a running tunnel must hear of.</summary>
    public long Revision { get; set; }

    /// <summary>CIDR networks with a space between them; empty for all.</summary>
    public string VisitorNetworks { get; set; } = "";

    /// <summary>CIDR networks with a space between them; empty for all.</summary>
    public string ClientNetworks { get; set; } = "";

    /// <summary>0 for no limit.</summary>
    public int MaxVisitors { get; set; }

    /// <summary>0 for no limit.</summary>
    public int MaxVisitorsPerAddress { get; set; }

    public int HoldSeconds { get; set; }

    public ServiceKind Kind { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public long LastEpoch { get; set; }

    public PortAssignmentRow? PortAssignment { get; set; }

    public List<SessionRow> Sessions { get; } = [];
}
