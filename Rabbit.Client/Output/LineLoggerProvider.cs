using Microsoft.Extensions.Logging;

namespace Rabbit.Client.Output;

/// <summary>Makes each log event a line of the program's output. A logger's category is the tunnel that it speaks of.</summary>
internal sealed class LineLoggerProvider(ConsoleOutput output, LogFormat format, TimeProvider time) : ILoggerProvider
{
    /// <summary>The category of what concerns no tunnel by name.</summary>
    public const string NoTunnel = "tunnel-client";

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName == NoTunnel ? null : categoryName);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The output belongs to whoever made it.
    }

    private sealed class LineLogger(LineLoggerProvider provider, string? tunnel) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var entry = new LogEntry(
                provider.Now, logLevel, eventId.Id, tunnel, formatter(state, exception), state as IReadOnlyList<KeyValuePair<string, object?>>, exception);
            provider.Write(entry);
        }
    }

    private DateTimeOffset Now => time.GetLocalNow();

    private void Write(in LogEntry entry) => output.Write(format == LogFormat.Json ? LogJson.Format(entry) : LogText.Format(entry));
}
