namespace Rabbit.Tests.Support;

/// <summary>The databases that every persistence test runs on.</summary>
public enum TestDatabaseKind
{
    Sqlite,
    Postgres,
}
