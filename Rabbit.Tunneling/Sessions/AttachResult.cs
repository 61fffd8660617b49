using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Tunneling.Sessions;

/// <summary>The outcome of a login at its tunnel.</summary>
/// <param name="Session">The new owner, or null when the login was turned away.</param>
/// <param name="IsOccupied">True when another live client holds the tunnel and this one asked to yield.</param>
/// <param name="Kind">What the login meant for the tunnel.</param>
/// <param name="Stored">Completes when the session is durable.</param>
internal readonly record struct AttachResult(TunnelSession? Session, bool IsOccupied, LoginKind Kind, Task Stored);
