using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace Rabbit.Persistence.Database;

/// <summary>
/// Tells migrations that only add to the tables, which a server of an earlier version does not notice, from those that change what it
/// works with.
/// </summary>
internal static class AdditiveMigrations
{
    /// <summary>The first of these migrations that does more than add, or null.</summary>
    public static string? FindOther(DbContext context, IEnumerable<string> migrations)
    {
        IMigrationsAssembly assembly = context.GetService<IMigrationsAssembly>();
        string provider = context.Database.ProviderName!;
        return migrations.FirstOrDefault(
            migration => !OnlyAdds(assembly.CreateMigration(assembly.Migrations[migration], provider).UpOperations));
    }

    private static bool OnlyAdds(IReadOnlyList<MigrationOperation> operations)
    {
        HashSet<string> made = [.. operations.OfType<CreateTableOperation>().Select(table => table.Name)];
        return operations.All(operation => operation switch
        {
            CreateTableOperation => true,
            // Rows of the earlier version do not name the column.
            AddColumnOperation column => column.IsNullable || column.DefaultValue is not null || column.DefaultValueSql is not null,
            // A unique one could refuse what the earlier version writes.
            CreateIndexOperation index => !index.IsUnique || made.Contains(index.Table),
            _ => false,
        });
    }
}
