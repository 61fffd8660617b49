namespace Rabbit.Tunneling.Sessions;

/// <summary>The outcome of a login at its tunnel.</summary>
/// <param name="Session">The new owner, or null when the login was turned away.</param>
/// <param name="IsOccupied">True when another live client holds the tunnel and this one asked to yield.</param>
/// <param name="WasRestored">True when it takes up a tunnel that was restored after a start.</param>
/// <param name="Stored">Completes when the session is durable.</param>
internal readonly record struct AttachResult(TunnelSession? Session, bool IsOccupied, bool WasRestored, Task Stored);
