namespace Rabbit.Tunneling.State;

/// <summary>A stored session that has not ended, with its token.</summary>
/// <param name="Session">The session.</param>
/// <param name="Token">Its token.</param>
/// <param name="WasConnected">True when its client was connected to the server before this one.</param>
public sealed record RestorableSession(SessionRecord Session, TokenRecord Token, bool WasConnected);
