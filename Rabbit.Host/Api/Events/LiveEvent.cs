using Rabbit.Tunneling.Events;

namespace Rabbit.Host.Api.Events;

/// <summary>Something that has just happened.</summary>
/// <param name="Type">What, such as tunnel.live.</param>
/// <param name="At">When.</param>
/// <param name="TeamId">Whose, or null.</param>
/// <param name="TokenId">The token, or null.</param>
/// <param name="Port">The tunnel port, or null.</param>
/// <param name="SessionId">The session, or null.</param>
/// <param name="Detail">More, for people.</param>
internal sealed record LiveEvent(
    string Type, DateTimeOffset At, string? TeamId, string? TokenId, int? Port, Guid? SessionId, string Detail)
{
    public static LiveEvent Of(TunnelEvent told) =>
        new(told.Type, told.At, told.TeamId, told.TokenId, told.Port, told.SessionId, told.Detail);
}
