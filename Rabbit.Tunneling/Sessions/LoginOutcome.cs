namespace Rabbit.Tunneling.Sessions;

/// <summary>What became of an authenticated login at its tunnel.</summary>
internal enum LoginOutcome
{
    /// <summary>The tunnel has ended: the token is no longer valid.</summary>
    Ended,

    /// <summary>The client is the owner.</summary>
    Attached,

    /// <summary>Another live client holds the tunnel, and this one asked to yield.</summary>
    Occupied,

    /// <summary>A later login was faster, here or on another node.</summary>
    Superseded,
}
