using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Rabbit.Benchmarks.Database;

/// <summary>Rows on their way into one table, as fast as the database takes them.</summary>
internal abstract class BulkTable : IAsyncDisposable
{
    /// <summary>Begins to fill a table.</summary>
    /// <param name="connection">Open; of PostgreSQL or SQLite.</param>
    /// <param name="table">Its name.</param>
    /// <param name="columns">The columns of each row.</param>
    public static async Task<BulkTable> OpenAsync(DbConnection connection, string table, params string[] columns) => connection switch
    {
        NpgsqlConnection postgres => new PostgresTable(
            await postgres.BeginBinaryImportAsync($"COPY {table} ({string.Join(", ", columns)}) FROM STDIN (FORMAT BINARY)")),
        SqliteConnection sqlite => await SqliteTable.OpenAsync(sqlite, table, columns),
        _ => throw new NotSupportedException(connection.GetType().Name),
    };

    /// <summary>Adds a row: text, whole numbers, byte strings, ids, points in time in UTC, or null.</summary>
    public abstract Task AddAsync(params object?[] values);

    /// <summary>Makes all rows durable.</summary>
    public abstract Task CompleteAsync();

    public abstract ValueTask DisposeAsync();

    // COPY is by far the fastest way into PostgreSQL.
    private sealed class PostgresTable(NpgsqlBinaryImporter importer) : BulkTable
    {
        public override Task AddAsync(params object?[] values) => importer.WriteRowAsync(values: values);

        public override async Task CompleteAsync() => await importer.CompleteAsync();

        public override ValueTask DisposeAsync() => importer.DisposeAsync();
    }

    // One statement, prepared once, in transactions so large that their ends do not count.
    private sealed class SqliteTable(SqliteConnection connection, SqliteCommand insert) : BulkTable
    {
        private const int RowsPerTransaction = 200_000;

        private SqliteTransaction? _transaction;
        private int _rows;

        public static async Task<SqliteTable> OpenAsync(SqliteConnection connection, string table, string[] columns)
        {
            SqliteCommand insert = connection.CreateCommand();
            insert.CommandText = $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select(column => '@' + column))})";
            foreach (string column in columns)
                insert.Parameters.Add(new SqliteParameter('@' + column, null));
            await insert.PrepareAsync();
            return new SqliteTable(connection, insert);
        }

        public override async Task AddAsync(params object?[] values)
        {
            if (_rows++ % RowsPerTransaction == 0)
            {
                await CompleteAsync();
                _transaction = (SqliteTransaction)await connection.BeginTransactionAsync();
                insert.Transaction = _transaction;
            }
            for (int i = 0; i < values.Length; i++)
                insert.Parameters[i].Value = Convert(values[i]);
            await insert.ExecuteNonQueryAsync();
        }

        public override async Task CompleteAsync()
        {
            if (_transaction is null)
                return;
            await _transaction.CommitAsync();
            await _transaction.DisposeAsync();
            _transaction = null;
        }

        public override async ValueTask DisposeAsync()
        {
            if (_transaction is not null)
                await _transaction.DisposeAsync();
            await insert.DisposeAsync();
        }

        // As the server writes them: ids in upper case, time in milliseconds.
        private static object Convert(object? value) => value switch
        {
            null => DBNull.Value,
            Guid id => id.ToString().ToUpperInvariant(),
            DateTimeOffset time => time.ToUnixTimeMilliseconds(),
            _ => value,
        };
    }
}
