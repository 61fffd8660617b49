namespace Rabbit.Persistence.Cluster;

/// <summary>Who has said whether a node still owns a tunnel.</summary>
internal enum ConfirmationSource
{
    /// <summary>Redis.</summary>
    Redis,

    /// <summary>The database, as Redis was away.</summary>
    Database,

    /// <summary>Nobody: both were away.</summary>
    Nobody,
}
