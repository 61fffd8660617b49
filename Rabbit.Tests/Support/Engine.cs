namespace Rabbit.Tests.Support;

/// <summary>What a server under test keeps its state in.</summary>
public enum Engine
{
    /// <summary>SQLite and nothing else: the default.</summary>
    Sqlite,

    /// <summary>PostgreSQL and Redis.</summary>
    PostgresAndRedis,
}
