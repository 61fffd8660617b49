namespace Rabbit.Protocol.Messages;

/// <summary>What a token says that its local service speaks (docs/protocol.md, "ServerHello"). Numbers are never reused.</summary>
public enum DeclaredService : byte
{
    /// <summary>Nobody has said it.</summary>
    Unknown = 0,

    /// <summary>PostgreSQL.</summary>
    Postgres = 1,

    /// <summary>MySQL or MariaDB.</summary>
    MySql = 2,

    /// <summary>Redis, Valkey.</summary>
    Redis = 3,

    /// <summary>HTTP, or HTTPS.</summary>
    Http = 4,

    /// <summary>SSH.</summary>
    Ssh = 5,

    /// <summary>Something else.</summary>
    Other = 6,
}
