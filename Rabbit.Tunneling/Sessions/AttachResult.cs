using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Tunneling.Sessions;

/// <summary>The outcome of a login at its tunnel.</summary>
/// <param name="Session">The new owner, or null when the login was turned away.</param>
/// <param name="Outcome">Why it was turned away.</param>
/// <param name="Kind">What the login meant for the tunnel.</param>
/// <param name="Stored">Completes when the session is durable.</param>
internal readonly record struct AttachResult(TunnelSession? Session, LoginOutcome Outcome, LoginKind Kind, Task Stored)
{
    /// <summary>Another live client holds the tunnel and this one asked to yield.</summary>
    public static AttachResult Occupied { get; } = new(null, LoginOutcome.Occupied, default, Task.CompletedTask);

    /// <summary>A later login was faster.</summary>
    public static AttachResult Superseded { get; } = new(null, LoginOutcome.Superseded, default, Task.CompletedTask);
}
