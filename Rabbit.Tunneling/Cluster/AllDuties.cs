namespace Rabbit.Tunneling.Cluster;

/// <summary>A lone server does everything itself.</summary>
public sealed class AllDuties : IDuties
{
    /// <inheritdoc/>
    public bool AreMine => true;
}
