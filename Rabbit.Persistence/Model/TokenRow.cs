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

    public ServiceKind Kind { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public long LastEpoch { get; set; }

    public PortAssignmentRow? PortAssignment { get; set; }

    public List<SessionRow> Sessions { get; } = [];
}
