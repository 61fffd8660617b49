using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Npgsql;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Database;

/// <summary>Tells an outage, which passes or is the operator's to mend, from our own mistakes.</summary>
internal static class DatabaseFailure
{
    /// <summary>True when the database did not answer, or said that it cannot work now.</summary>
    public static bool IsOutage(Exception exception) => Find(exception) is not null;

    /// <summary>True when a unique constraint was violated.</summary>
    public static bool IsUniqueViolation(Exception exception) => Any(exception, e => e is
        PostgresException { SqlState: PostgresErrorCodes.UniqueViolation }
        or SqliteException { SqliteErrorCode: 19, SqliteExtendedErrorCode: 2067 or 1555 });

    /// <summary>True when a row referred to one that does not exist.</summary>
    public static bool IsForeignKeyViolation(Exception exception) => Any(exception, e => e is
        PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation }
        or SqliteException { SqliteErrorCode: 19, SqliteExtendedErrorCode: 787 });

    /// <summary>True when the database gave up this transaction for another's sake (a deadlock).</summary>
    public static bool IsConflict(Exception exception) => Any(exception, e => e is PostgresException { SqlState: ['4', '0', ..] });

    /// <summary>One sentence for the operator, without the password.</summary>
    public static StoreUnavailableException Explain(DatabaseConnection connection, Exception exception)
    {
        Exception cause = Find(exception) ?? exception;
        string advice = (connection.IsPostgres, cause) switch
        {
            (false, SqliteException { SqliteErrorCode: 14 }) => "check that the data directory exists and can be written, or name another with --data",
            (false, SqliteException { SqliteErrorCode: 8 }) => "make the file writable for this account",
            (false, SqliteException { SqliteErrorCode: 13 }) => "free some disk space",
            (false, SqliteException { SqliteErrorCode: 26 }) => "the file is no SQLite database; move it away",
            (false, _) => "see whether another program holds it",
            (_, PostgresException { SqlState: ['4', '0', ..] or "55P03" }) => "try again",
            (_, PostgresException { SqlState: "42501" }) => "grant this account the right to create tables there",
            (_, PostgresException { SqlState: "3D000" }) => "create the database, or correct --database",
            (_, PostgresException { SqlState: "28P01" or "28000" }) => "correct the name and password in --database",
            _ => "start it, or correct --database",
        };
        return new StoreUnavailableException($"The database ({connection.Name}) cannot be used: {Summary(cause)}; {advice}.", exception, Passes(cause));
    }

    // An account, a name, a right or a file that is wrong stays so.
    private static bool Passes(Exception cause) => cause switch
    {
        PostgresException postgres => postgres.SqlState[..2] is "08" or "40" or "53" or "55" or "57" or "58",
        SqliteException sqlite => sqlite.SqliteErrorCode is 5 or 6 or 10 or 13,
        _ => true,
    };

    private static string Summary(Exception cause) => cause switch
    {
        PostgresException postgres => postgres.MessageText,
        SqliteException sqlite => sqlite.Message.Replace("SQLite Error ", "", StringComparison.Ordinal).TrimEnd('.'),
        _ => (cause.InnerException ?? cause).Message.TrimEnd('.'),
    };

    private static Exception? Find(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case OperationCanceledException:
                    return null;
                // Classes 08 connection, 28 authorization, 3D database, 40 deadlock, 53 resources,
                // 55 not in the right state, 57 intervention, 58 system; 25006 read-only.
                case PostgresException postgres when postgres.SqlState[..2] is "08" or "28" or "3D" or "40" or "53" or "55" or "57" or "58" || postgres.SqlState == "25006":
                // Busy, locked, read-only, I/O error, full, cannot open, not a database.
                case SqliteException { SqliteErrorCode: 5 or 6 or 8 or 10 or 13 or 14 or 26 }:
                case TimeoutException:
                    return e;
                case PostgresException:
                    return null;
                case NpgsqlException or SocketException:
                    return e;
            }
        }
        return null;
    }

    private static bool Any(Exception? exception, Func<Exception, bool> predicate)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (predicate(exception))
                return true;
        }
        return false;
    }
}
