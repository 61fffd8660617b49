namespace Rabbit.Tunneling.State;

/// <summary>A token as a running tunnel knows it.</summary>
/// <param name="TokenId">Its public id.</param>
/// <param name="Revision">The revision that was read.</param>
public readonly record struct KnownToken(string TokenId, long Revision);
