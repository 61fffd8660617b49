using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Rabbit.Persistence.Model;

/// <summary>The model on SQLite, which has no type for points in time: they are whole milliseconds of Unix time.</summary>
internal sealed class SqliteRabbitDbContext(DbContextOptions<SqliteRabbitDbContext> options) : RabbitDbContext(options)
{
    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();

    internal sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
        value => value.ToUnixTimeMilliseconds(), value => DateTimeOffset.FromUnixTimeMilliseconds(value));
}
