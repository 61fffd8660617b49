namespace Rabbit.Tunneling.Events;

/// <summary>Something that has just happened.</summary>
/// <param name="Type">What, such as <see cref="TunnelEventTypes.TunnelLive"/>.</param>
/// <param name="At">When.</param>
/// <param name="TeamId">Whose, or null.</param>
/// <param name="TokenId">The token, or null.</param>
/// <param name="Port">The tunnel port, or null.</param>
/// <param name="SessionId">The session, or null.</param>
/// <param name="Detail">More, for people; safe to show.</param>
public sealed record TunnelEvent(
    string Type, DateTimeOffset At, string? TeamId, string? TokenId, int? Port, Guid? SessionId, string Detail);
