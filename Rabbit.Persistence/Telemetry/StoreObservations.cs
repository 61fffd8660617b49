using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rabbit.Persistence.ConnectionLogs;
using Rabbit.Persistence.ConnectionLogs.Journal;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Redis;

namespace Rabbit.Persistence.Telemetry;

/// <summary>What is looked up whenever metrics are collected: the connection log's way, and whether the stores answer.</summary>
internal sealed class StoreObservations(
    IMeterFactory meters, ConnectionLogQueue queue, ConnectionJournal journal, RabbitDatabase database, PersistenceMetrics metrics,
    IServiceProvider services) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Meter meter = meters.Create(PersistenceTelemetry.MeterName);
        meter.CreateObservableUpDownCounter(
            "rabbit.connection_log.queue", () => (long)queue.Count, "{entry}", "Connection log entries that wait in memory for the journal.");
        meter.CreateObservableUpDownCounter(
            "rabbit.connection_log.queue.limit", () => (long)ConnectionLogQueue.Length, "{entry}", "Connection log entries that may wait in memory.");
        meter.CreateObservableUpDownCounter(
            "rabbit.connection_log.journal.size", () => journal.Length, "By", "Bytes of the connection log's journal on disk.");
        meter.CreateObservableGauge(
            "rabbit.database.up", () => database.IsUsable ? 1L : 0, "1", "1 while the database did what it was asked last, else 0.");
        // Not configured is neither up nor down.
        if (services.GetService<RedisLink>() is { } redis)
            meter.CreateObservableGauge("rabbit.redis.up", () => redis.IsUp ? 1L : 0, "1", "1 while Redis is connected, else 0.");
        metrics.Announce();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
