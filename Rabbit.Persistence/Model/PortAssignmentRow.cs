namespace Rabbit.Persistence.Model;

/// <summary>
/// A port that is taken: by a token, or, after its token was deleted, by nobody until its rest is over. The unique constraint
/// on port and protocol decides who gets it.
/// </summary>
internal sealed class PortAssignmentRow
{
    public const string Tcp = "tcp";

    public int Id { get; set; }

    public int Port { get; set; }

    public string Protocol { get; set; } = Tcp;

    public string? TokenId { get; set; }

    public TokenRow? Token { get; set; }

    public DateTimeOffset AssignedAt { get; set; }

    public DateTimeOffset? ReleasedAt { get; set; }
}
