using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Retention;

/// <summary>
/// The months of connection_logs on PostgreSQL: connection_logs_YYYY_MM, and connection_logs_default for rows of a month that
/// has no partition. Any number of servers may work on them at once.
/// </summary>
internal static class ConnectionLogPartitions
{
    private const int MonthsAhead = 2;

    // Serializes the servers that make or drop partitions; an arbitrary number of ours among the database's advisory locks.
    private const long PartitionLock = 0x5241_4242_4955;

    // The whole table is locked, though ATTACH would ask for less: a writer that was on its way into the default partition
    // would fail there, and a reader on its way to it would find the rows neither there nor in the new one. The default partition
    // is empty, as a rule; then all this takes some milliseconds.
    private const string Create =
        """
        DO $$
        DECLARE
            first timestamp with time zone := current_setting('rabbit.month')::timestamp with time zone;
            next timestamp with time zone := (first AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
            partition text := current_setting('rabbit.partition');
        BEGIN
            IF to_regclass(partition) IS NOT NULL THEN
                RETURN;
            END IF;
            LOCK TABLE ONLY connection_logs IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('CREATE TABLE %I (LIKE connection_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
            EXECUTE format(
                'WITH moved AS (DELETE FROM connection_logs_default WHERE started_at >= %L AND started_at < %L RETURNING *)
                 INSERT INTO %I SELECT * FROM moved', first, next, partition);
            EXECUTE format('ALTER TABLE connection_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition, first, next);
        END $$
        """;

    // DETACH CONCURRENTLY, which would lock less, is not allowed beside a default partition. A row that is open here is of a
    // connection that is; it keeps its partition.
    private const string Drop =
        """
        DO $$
        DECLARE
            partition text := current_setting('rabbit.partition');
            open boolean;
        BEGIN
            IF to_regclass(partition) IS NULL THEN
                RETURN;
            END IF;
            LOCK TABLE ONLY connection_logs IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE status = ''active'')', partition) INTO open;
            IF NOT open THEN
                EXECUTE format('DROP TABLE %I', partition);
            END IF;
        END $$
        """;

    /// <summary>
    /// Makes the partitions of this month and the next two where they are missing, and moves into them what has gone to the
    /// default one. Does nothing on SQLite.
    /// </summary>
    public static Task EnsureAsync(RabbitDbContext context, DateTimeOffset now, CancellationToken cancellationToken) =>
        EnsureAsync(context, now, now.AddMonths(MonthsAhead), cancellationToken);

    /// <summary>The same from the month of one day to that of another.</summary>
    public static async Task EnsureAsync(RabbitDbContext context, DateTimeOffset first, DateTimeOffset last, CancellationToken cancellationToken)
    {
        if (!context.Database.IsNpgsql())
            return;
        HashSet<DateTimeOffset> present = [.. await ListAsync(context, cancellationToken)];
        for (DateTimeOffset month = MonthOf(first); month <= MonthOf(last); month = month.AddMonths(1))
        {
            if (!present.Contains(month))
                await RunAsync(context, Create, month, cancellationToken);
        }
    }

    /// <summary>Drops the partitions of months that ended before a point in time, unless a connection of theirs is still open.</summary>
    /// <returns>The months that are gone; on SQLite none.</returns>
    public static async Task<IReadOnlyList<DateTimeOffset>> DropAsync(RabbitDbContext context, DateTimeOffset before, CancellationToken cancellationToken)
    {
        if (!context.Database.IsNpgsql())
            return [];
        List<DateTimeOffset> old = [.. (await ListAsync(context, cancellationToken)).Where(month => month.AddMonths(1) <= before)];
        foreach (DateTimeOffset month in old)
            await RunAsync(context, Drop, month, cancellationToken);
        return old.Count == 0 ? old : [.. old.Except(await ListAsync(context, cancellationToken))];
    }

    private static async Task<IReadOnlyList<DateTimeOffset>> ListAsync(RabbitDbContext context, CancellationToken cancellationToken)
    {
        List<string> names = await context.Database.SqlQuery<string>(
            $"SELECT inhrelid::regclass::text AS \"Value\" FROM pg_inherits WHERE inhparent = 'connection_logs'::regclass").ToListAsync(cancellationToken);
        // What has another name is the default partition, or an operator's.
        return [.. names.Select(Parse).OfType<DateTimeOffset>()];
    }

    private static async Task RunAsync(RabbitDbContext context, string statement, DateTimeOffset month, CancellationToken cancellationToken)
    {
        await using IDbContextTransaction transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({PartitionLock})", cancellationToken);
        // A statement that defines tables takes no parameters; these go with the transaction. Whoever waits for a lock makes
        // others wait behind it, so not for long.
        await context.Database.ExecuteSqlAsync(
            $"""
            SELECT set_config('lock_timeout', '500ms', true), set_config('rabbit.partition', {NameOf(month)}, true),
                set_config('rabbit.month', {month.ToString("O", CultureInfo.InvariantCulture)}, true)
            """, cancellationToken);
#pragma warning disable RS0030 // One of the constants above.
        await context.Database.ExecuteSqlRawAsync(statement, cancellationToken);
#pragma warning restore RS0030
        await transaction.CommitAsync(cancellationToken);
    }

    private static DateTimeOffset MonthOf(DateTimeOffset time) => new(time.UtcDateTime.Year, time.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);

    private static string NameOf(DateTimeOffset month) => month.ToString("'connection_logs_'yyyy'_'MM", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Parse(string name) => DateTimeOffset.TryParseExact(
        name, "'connection_logs_'yyyy'_'MM", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset month) ? month : null;
}
