namespace Rabbit.Persistence.Model;

/// <summary>An alert on its way to one receiver.</summary>
internal sealed class AlertDeliveryRow
{
    public Guid Id { get; set; }

    /// <summary>The same to all receivers and at every attempt.</summary>
    public required string AlertId { get; set; }

    /// <summary>Names the receiver without its address, which may hold a secret.</summary>
    public required string Target { get; set; }

    public required string Body { get; set; }

    public DateTimeOffset MadeAt { get; set; }

    public DateTimeOffset NextAt { get; set; }

    public int Attempts { get; set; }
}
