namespace Rabbit.Tunneling.Cluster;

/// <summary>What came of the wish to own a tunnel.</summary>
/// <param name="Epoch">The epoch won; 0 from the directory of a lone server, where the tunnel itself counts.</param>
/// <param name="Superseded">True when a later claim was faster: this one must not serve.</param>
public readonly record struct Claim(long Epoch, bool Superseded);
