using System.Threading.Channels;
using Rabbit.Persistence.Alerts;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Alerts;

/// <summary>Puts alerts on their way: into the database, from where <see cref="AlertPost"/> takes them.</summary>
internal sealed partial class AlertQueue(AlertStore store, AlertSettings settings, AlertMetrics metrics, TimeProvider time, ILogger<AlertQueue> logger)
{
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Readable when something was put on its way.</summary>
    public ChannelReader<bool> News => _news.Reader;

    /// <summary>Notes a problem, or its end, and tells all receivers of it.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="isOver">True at its end.</param>
    /// <param name="told">What receivers are told; null for nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StoreUnavailableException">The database does not take it now; nothing was noted.</exception>
    public async Task SaveAsync(AlertProblem problem, bool isOver, Alert? told, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        AlertDelivery[] deliveries = told?.ToBody() is { } body
            ? [.. settings.Targets.Select(target => new AlertDelivery(Guid.CreateVersion7(), told.Id, target.Id, body, now, now, Attempts: 0))]
            : [];
        if (!await store.SaveAsync(problem, isOver, deliveries, cancellationToken))
        {
            metrics.Lost(deliveries.Length);
            LogFull(told!.Data.Sentence, AlertStore.MostWaiting);
            return;
        }
        if (told is not null)
            LogTold(told.Data.Sentence);
        _news.Writer.TryWrite(true);
    }

    [LoggerMessage(EventIds.AlertMade, LogLevel.Information, "Alert: {Sentence}")]
    private partial void LogTold(string sentence);

    [LoggerMessage(EventIds.AlertsFull, LogLevel.Error, "An alert is lost, since {Most} wait for receivers that do not take them: {Sentence}")]
    private partial void LogFull(string sentence, int most);
}
