namespace Rabbit.Tunneling.State;

/// <summary>What has become of a token.</summary>
public enum TokenFate
{
    /// <summary>It was revoked or deleted.</summary>
    Revoked,

    /// <summary>Its time is over.</summary>
    Expired,

    /// <summary>It was changed, and is valid.</summary>
    Changed,
}

/// <summary>A token that is not as a running tunnel knows it.</summary>
/// <param name="TokenId">Its public id.</param>
/// <param name="Fate">What has become of it.</param>
public readonly record struct ChangedToken(string TokenId, TokenFate Fate);
