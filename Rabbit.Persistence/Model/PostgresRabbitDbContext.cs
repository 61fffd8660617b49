using Microsoft.EntityFrameworkCore;

namespace Rabbit.Persistence.Model;

/// <summary>The model on PostgreSQL.</summary>
internal sealed class PostgresRabbitDbContext(DbContextOptions<PostgresRabbitDbContext> options) : RabbitDbContext(options);
