using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Rabbit.Host.Telemetry;

/// <summary>
/// Sends what is left when everything else has stopped, for about a second at most: a receiver that hangs must not keep the server from
/// ending. Its own limits add up to many seconds.
/// </summary>
internal sealed class TelemetryEnd(IServiceProvider services) : IHostedService
{
    // It is spent twice: on what is under way, and on what waits.
    private const int LimitMilliseconds = 500;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Task.Run(() => services.GetService<TracerProvider>()?.Shutdown(LimitMilliseconds), CancellationToken.None),
        Task.Run(() => services.GetService<MeterProvider>()?.Shutdown(LimitMilliseconds), CancellationToken.None),
        Task.Run(() => services.GetService<LoggerProvider>()?.Shutdown(LimitMilliseconds), CancellationToken.None));
}
