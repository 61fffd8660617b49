using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Rabbit.Persistence.Telemetry;

/// <summary>What the stores count and time; what can be looked up at any time is in <see cref="StoreObservations"/>.</summary>
internal sealed class PersistenceMetrics
{
    /// <summary>The value of db.system.name for PostgreSQL.</summary>
    public const string Postgres = "postgresql";

    /// <summary>The value of db.system.name for SQLite.</summary>
    public const string Sqlite = "sqlite";

    /// <summary>The value of db.system.name for Redis.</summary>
    public const string Redis = "redis";

    private static readonly InstrumentAdvice<double> Times = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private readonly Counter<long> _written;
    private readonly Counter<long> _dropped;
    private readonly Histogram<double> _operations;

    public PersistenceMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(PersistenceTelemetry.MeterName);
        _written = meter.CreateCounter<long>("rabbit.connection_log.written", "{entry}", "Connection log entries written to the database.");
        _dropped = meter.CreateCounter<long>(
            "rabbit.connection_log.dropped", "{entry}", "Connection log entries lost: the journal was full or not writable, or the database refused them.");
        _operations = meter.CreateHistogram("db.client.operation.duration", "s", "Time that commands took at the database or Redis.", null, Times);
    }

    /// <summary>Shows the counters with 0, once somebody listens, so that a rate sees the first that is counted.</summary>
    public void Announce()
    {
        _written.Add(0);
        _dropped.Add(0);
    }

    public void Written(int entries) => _written.Add(entries);

    public void Dropped(int entries) => _dropped.Add(entries);

    /// <summary>A command was done, or failed by <paramref name="failure"/>.</summary>
    /// <param name="system">The database, by the constants here.</param>
    /// <param name="duration">Time until the answer began, or the failure came.</param>
    /// <param name="failure">Why it failed, or null.</param>
    public void Operated(string system, TimeSpan duration, Exception? failure = null)
    {
        if (!_operations.Enabled)
            return;
        var name = new KeyValuePair<string, object?>("db.system.name", system);
        if (failure is null)
            _operations.Record(duration.TotalSeconds, name);
        else
            _operations.Record(duration.TotalSeconds, name, new("error.type", ErrorTypeOf(failure)));
    }

    /// <summary>Times a command.</summary>
    public async Task<T> TimeAsync<T>(string system, TimeProvider time, Func<Task<T>> operate)
    {
        long started = time.GetTimestamp();
        try
        {
            T result = await operate();
            Operated(system, time.GetElapsedTime(started));
            return result;
        }
        catch (Exception e)
        {
            Operated(system, time.GetElapsedTime(started), e);
            throw;
        }
    }

    /// <inheritdoc cref="TimeAsync{T}"/>
    public Task TimeAsync(string system, TimeProvider time, Func<Task> operate) => TimeAsync(system, time, async () =>
    {
        await operate();
        return true;
    });

    // The database's own code where it has one; of both there are few.
    private static string ErrorTypeOf(Exception failure) => failure switch
    {
        PostgresException postgres => postgres.SqlState,
        SqliteException sqlite => sqlite.SqliteErrorCode.ToString(CultureInfo.InvariantCulture),
        _ => failure.GetType().FullName ?? failure.GetType().Name,
    };
}
