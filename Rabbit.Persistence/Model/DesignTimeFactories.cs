using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Rabbit.Persistence.Model;

/// <summary>Lets `dotnet ef` make migrations for SQLite; no database is opened.</summary>
internal sealed class SqliteDesignTimeFactory : IDesignTimeDbContextFactory<SqliteRabbitDbContext>
{
    public SqliteRabbitDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteRabbitDbContext>().UseSqlite("Data Source=:memory:").Options);
}

/// <summary>Lets `dotnet ef` make migrations for PostgreSQL; no database is opened.</summary>
internal sealed class PostgresDesignTimeFactory : IDesignTimeDbContextFactory<PostgresRabbitDbContext>
{
    public PostgresRabbitDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresRabbitDbContext>().UseNpgsql("Host=localhost").Options);
}
