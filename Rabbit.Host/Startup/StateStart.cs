using Rabbit.Host.Handover;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Restoration;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Startup;

/// <summary>
/// Brings the stored state up, before any endpoint is bound: tables, first run, restored tunnels. Where the database is away the
/// server starts without it: logins are asked to come back, and this goes on trying until the tunnels are restored.
/// </summary>
internal sealed partial class StateStart(
    DatabaseMigrator migrator, ServerSettings settings, FirstRun firstRun, TunnelRestoration restoration, Takeover takeover, TimeProvider time,
    ILogger<StateStart> logger)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _retrying = Task.CompletedTask;

    /// <summary>Completes when the state is up; cancelled when the server stops before.</summary>
    public Task Completed => _completed.Task;

    /// <inheritdoc/>
    /// <exception cref="StoreUnavailableException">The database cannot be used, and waiting would not mend that.</exception>
    /// <exception cref="IOException">This process may open too few descriptors for the tunnel ports.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (takeover.IsWanted)
        {
            // The server that runs serves better than this one would without a database.
            await BringUpBesideEarlierAsync(cancellationToken);
            return;
        }
        try
        {
            await BringUpAsync(cancellationToken);
        }
        catch (StoreUnavailableException e) when (e.Passes)
        {
            LogDegraded(e.Message);
            _retrying = RetryAsync(told: e.Message);
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _retrying;
        _completed.TrySetCanceled(CancellationToken.None);
    }

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    private async Task BringUpAsync(CancellationToken cancellationToken)
    {
        await migrator.MigrateAsync(cancellationToken);
        await CheckDescriptorsAsync(cancellationToken);
        await firstRun.MakeAdminKeyAsync(cancellationToken);
        await restoration.RestoreAsync(cancellationToken);
        _completed.TrySetResult();
    }

    private async Task BringUpBesideEarlierAsync(CancellationToken cancellationToken)
    {
        await migrator.MigrateBesideEarlierAsync(cancellationToken);
        await CheckDescriptorsAsync(cancellationToken);
        await restoration.PrepareAsync(cancellationToken);
        _completed.TrySetResult();
    }

    private async Task CheckDescriptorsAsync(CancellationToken cancellationToken)
    {
        if (await settings.ReadPortRangeAsync(cancellationToken) is { } ports)
            DescriptorLimit.Check(ports);
    }

    private async Task RetryAsync(string told)
    {
        TimeSpan pause = FirstRetry;
        while (!_stopping.IsCancellationRequested)
        {
            await Task.Delay(pause, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestRetry ? pause * 2 : LongestRetry;
            try
            {
                await BringUpAsync(_stopping.Token);
                LogCompleted();
                return;
            }
            catch (Exception e) when (!_stopping.IsCancellationRequested)
            {
                // Also what waiting does not mend: the operator can, and the server need not be started again for it.
                if (e.Message != told)
                    LogStillDegraded(e is StoreUnavailableException ? null : e, e.Message);
                told = e.Message;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    [LoggerMessage(EventIds.StartedDegraded, LogLevel.Warning, "{Reason} The server starts without it, asks clients to come back, and restores the tunnels when it can.")]
    private partial void LogDegraded(string reason);

    [LoggerMessage(EventIds.StillDegraded, LogLevel.Warning, "Tunnels are not restored yet: {Reason}")]
    private partial void LogStillDegraded(Exception? exception, string reason);

    [LoggerMessage(EventIds.StateCompleted, LogLevel.Information, "The database is back, and the tunnels are restored")]
    private partial void LogCompleted();
}
