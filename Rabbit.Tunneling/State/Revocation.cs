namespace Rabbit.Tunneling.State;

/// <summary>One announcement.</summary>
/// <param name="TokenId">The token, or null after a silence in which any may have been announced.</param>
public readonly record struct Revocation(string? TokenId);
