using Rabbit.Protocol.Messages;

namespace Rabbit.Tunneling.Sessions;

/// <summary>What a session's client has said of its local service.</summary>
/// <param name="State">How it is.</param>
/// <param name="Reason">Why it is down, made safe to show; else empty.</param>
/// <param name="Since">Since when it is so, as this server heard of it; null when the client has not said anything.</param>
internal sealed record ServiceReport(ServiceState State, string Reason, DateTimeOffset? Since)
{
    /// <summary>Nothing was said.</summary>
    public static ServiceReport None { get; } = new(ServiceState.Unknown, "", null);
}
