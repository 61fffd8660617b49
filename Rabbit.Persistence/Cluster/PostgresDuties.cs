using Medallion.Threading;
using Medallion.Threading.Postgres;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rabbit.Persistence.Database;
using Rabbit.Tunneling.Cluster;

namespace Rabbit.Persistence.Cluster;

/// <summary>
/// The duties belong to the node that holds an advisory lock of the database, which goes with its connection: within seconds another node
/// has them. Two may believe so for a moment, which none of the duties minds.
/// </summary>
internal sealed partial class PostgresDuties(RabbitDatabase database, TimeProvider time, ILogger<PostgresDuties> logger) : BackgroundService, IDuties
{
    private const string LockName = "rabbit duties";
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(5);

    private volatile bool _areMine;

    /// <inheritdoc/>
    public bool AreMine => _areMine;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var duties = new PostgresDistributedLock(
            new PostgresAdvisoryLockKey(LockName, allowHashing: true), database.Connection.ConnectionString, options => options.KeepaliveCadence(KeepAlive));
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using IDistributedSynchronizationHandle? held = await duties.TryAcquireAsync(TimeSpan.Zero, stoppingToken);
                if (held is not null)
                    await HoldAsync(held, stoppingToken);
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The database is away, of which others tell.
            }
            finally
            {
                _areMine = false;
            }
            await Task.Delay(RetryInterval, time, stoppingToken);
        }
    }

    private async Task HoldAsync(IDistributedSynchronizationHandle held, CancellationToken stoppingToken)
    {
        _areMine = true;
        LogHeld();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, held.HandleLostToken);
        await Task.Delay(Timeout.InfiniteTimeSpan, time, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(EventIds.DutiesTaken, LogLevel.Information, "This node does what one does for the whole cluster: stale sessions, retention, statistics, alerts")]
    private partial void LogHeld();
}
