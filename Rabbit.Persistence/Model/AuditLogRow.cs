namespace Rabbit.Persistence.Model;

internal sealed class AuditLogRow
{
    public Guid Id { get; set; }

    public DateTimeOffset At { get; set; }

    public required string Actor { get; set; }

    public required string Action { get; set; }

    public required string Subject { get; set; }

    public string Details { get; set; } = "";

    public string Address { get; set; } = "";
}
