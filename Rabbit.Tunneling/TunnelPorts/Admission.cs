namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>Whether a visitor is let in.</summary>
internal enum Admission
{
    /// <summary>It is.</summary>
    Admitted,

    /// <summary>Its network is not allowed.</summary>
    NotAllowed,

    /// <summary>There are as many visitors as the token allows, of all or from its address.</summary>
    TooMany,
}
