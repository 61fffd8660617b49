using System.Data.Common;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;

namespace Rabbit.Tests.Persistence;

/// <summary>Every value of every table as text, as a thief of the database would read it.</summary>
internal static class DatabaseDump
{
    public static Task<string> TakeAsync(StoreRig rig) => rig.QueryAsync(TakeAsync);

    /// <inheritdoc cref="TakeAsync(StoreRig)"/>
    public static async Task<string> TakeAsync(RabbitDbContext context)
    {
        await context.Database.OpenConnectionAsync();
        DbConnection connection = context.Database.GetDbConnection();
        string tablesQuery = context.Database.IsNpgsql()
            ? "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            : "SELECT name FROM sqlite_master WHERE type = 'table'";
        var tables = new List<string>();
        await ReadAsync(connection, tablesQuery, reader => tables.Add(reader.GetString(0)));
        var dump = new StringBuilder();
        foreach (string table in tables)
        {
            await ReadAsync(connection, $"SELECT * FROM \"{table}\"", reader =>
            {
                for (int i = 0; i < reader.FieldCount; i++)
                    dump.Append(table).Append('.').Append(reader.GetName(i)).Append('=').AppendLine(Text(reader.GetValue(i)));
            });
        }
        return dump.ToString();
    }

    private static async Task ReadAsync(DbConnection connection, string query, Action<DbDataReader> row)
    {
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = query;
        await using DbDataReader reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            row(reader);
    }

    private static string Text(object value) => value is byte[] bytes
        ? $"{Convert.ToHexString(bytes)} {Encoding.Latin1.GetString(bytes)}"
        : value.ToString() ?? "";
}
