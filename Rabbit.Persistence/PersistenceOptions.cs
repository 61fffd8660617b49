using System.ComponentModel.DataAnnotations;

namespace Rabbit.Persistence;

/// <summary>Where state is kept. Bound from the configuration section <c>Rabbit</c>.</summary>
public sealed class PersistenceOptions
{
    /// <summary>
    /// PostgreSQL, as <c>postgres://name:password@host/database</c> or as an Npgsql connection string; empty: SQLite in
    /// <see cref="Data"/>.
    /// </summary>
    public string Database { get; set; } = "";

    /// <summary>Redis, as <c>host:port</c>, <c>redis://host:port</c> or a StackExchange.Redis string; empty: in this process.</summary>
    public string Redis { get; set; } = "";

    /// <summary>File that holds what <see cref="Database"/> says, such as a secret that was mounted.</summary>
    public string DatabaseFile { get; set; } = "";

    /// <summary>File that holds what <see cref="Redis"/> says.</summary>
    public string RedisFile { get; set; } = "";

    /// <summary>The data directory.</summary>
    [Required]
    public string Data { get; set; } = "rabbit-data";

    /// <summary>
    /// Bytes that the connection log's journal in <see cref="Data"/> may take while the database is away; about 8 million entries
    /// by default.
    /// </summary>
    [Range(1_000_000, long.MaxValue, ErrorMessage = "{0} must be at least {1}.")]
    public long JournalLimit { get; set; } = 1_000_000_000;

    /// <summary>Name of this server among several, recorded with its rows.</summary>
    [Required]
    public string Node { get; set; } = Environment.MachineName;

    /// <summary>First tunnel port of an empty database; afterwards server_settings decides.</summary>
    [Range(1, 65535, ErrorMessage = "{0} must be from {1} to {2}.")]
    public int PortRangeStart { get; set; } = 10000;

    /// <summary>Last tunnel port of an empty database; afterwards server_settings decides.</summary>
    [Range(1, 65535, ErrorMessage = "{0} must be from {1} to {2}.")]
    public int PortRangeEnd { get; set; } = 20000;

    /// <summary>
    /// Days for which connections and sessions are kept when they are over, 0 for ever: of an empty database; afterwards
    /// server_settings decides.
    /// </summary>
    [Range(0, LongestRetentionDays, ErrorMessage = "{0} must be from {1} to {2}.")]
    public int RetentionDays { get; set; } = 90;

    internal const int LongestRetentionDays = 36500;
}
