namespace Rabbit.Tunneling.State;

/// <summary>A stored session that has not ended, with its token.</summary>
public sealed record RestorableSession(SessionRecord Session, TokenRecord Token);
