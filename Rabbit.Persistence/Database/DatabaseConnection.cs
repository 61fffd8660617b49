using Microsoft.Data.Sqlite;
using Npgsql;

namespace Rabbit.Persistence.Database;

/// <summary>Which database is used, and how it is reached.</summary>
/// <param name="IsPostgres">PostgreSQL if true, SQLite if false.</param>
/// <param name="ConnectionString">For the provider.</param>
/// <param name="Name">For people: the host and database, or the file; no password.</param>
internal sealed record DatabaseConnection(bool IsPostgres, string ConnectionString, string Name)
{
    private const int ConnectSeconds = 3;
    private const int CommandSeconds = 5;

    /// <summary>Reads the configured string.</summary>
    /// <exception cref="FormatException">It is neither a URI nor a connection string of PostgreSQL.</exception>
    public static DatabaseConnection Parse(string database, string dataDirectory)
    {
        if (database.Length == 0)
        {
            string file = Path.Combine(dataDirectory, "rabbit.db");
            var sqlite = new SqliteConnectionStringBuilder
            {
                DataSource = file,
                ForeignKeys = true,
                DefaultTimeout = CommandSeconds,
            };
            return new DatabaseConnection(IsPostgres: false, sqlite.ConnectionString, file);
        }

        try
        {
            var postgres = database.StartsWith("postgres://", StringComparison.Ordinal) || database.StartsWith("postgresql://", StringComparison.Ordinal)
                ? FromUri(new Uri(database))
                : new NpgsqlConnectionStringBuilder(database);
            if (string.IsNullOrEmpty(postgres.Host))
                throw new FormatException("no host is named");
            postgres.Timeout = ConnectSeconds;
            postgres.CommandTimeout = CommandSeconds;
            return new DatabaseConnection(IsPostgres: true, postgres.ConnectionString, $"PostgreSQL at {postgres.Host}:{postgres.Port}/{postgres.Database}");
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new FormatException($"--database is not understood ({e.Message.TrimEnd('.')}); write postgres://name:password@host:5432/database.", e);
        }
    }

    private static NpgsqlConnectionStringBuilder FromUri(Uri uri)
    {
        string[] credentials = uri.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder { Host = uri.IdnHost.Trim('[', ']'), Port = uri.Port > 0 ? uri.Port : 5432 };
        if (credentials[0].Length > 0)
            builder.Username = Uri.UnescapeDataString(credentials[0]);
        if (credentials.Length == 2)
            builder.Password = Uri.UnescapeDataString(credentials[1]);
        if (uri.AbsolutePath.Length > 1)
            builder.Database = Uri.UnescapeDataString(uri.AbsolutePath[1..]);
        foreach (string pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            string value = parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "";
            // As PostgreSQL's own programs take them: verify-full is VerifyFull to Npgsql.
            var (key, meant) = Uri.UnescapeDataString(parts[0]) switch
            {
                "sslmode" => ("SSL Mode", value.Replace("-", "", StringComparison.Ordinal)),
                "sslrootcert" => ("Root Certificate", value),
                "sslcert" => ("SSL Certificate", value),
                "sslkey" => ("SSL Key", value),
                var other => (other, value),
            };
            builder[key] = meant;
        }
        return builder;
    }
}
