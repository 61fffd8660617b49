namespace Rabbit.Tunneling.Events;

/// <summary>An event with its number, which grows from one to the next.</summary>
public sealed record NumberedEvent(long Id, TunnelEvent Event);
