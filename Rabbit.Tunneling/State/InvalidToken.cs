namespace Rabbit.Tunneling.State;

/// <summary>A token that does not count any more.</summary>
/// <param name="TokenId">Its public id.</param>
/// <param name="IsExpired">True when its time is over; false when it was revoked or deleted.</param>
public readonly record struct InvalidToken(string TokenId, bool IsExpired);
