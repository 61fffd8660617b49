using Microsoft.Extensions.Logging;

namespace Rabbit.Persistence.Management;

/// <summary>Is shown the port range whenever it is read, and warns once of each new one that the kernel may take ports from.</summary>
internal sealed partial class PortRangeWatch(ILogger<PortRangeWatch> logger)
{
    private PortRange? _seen;

    /// <summary>Warns when the range is not the one that was shown before, and overlaps the kernel's.</summary>
    public void Show(PortRange range)
    {
        if (Interlocked.Exchange(ref _seen, range) != range && EphemeralPorts.Read()?.Warn(range) is { } sentence)
            LogOverlap(sentence);
    }

    [LoggerMessage(EventIds.PortRangeOverlaps, LogLevel.Warning, "{Sentence}")]
    private partial void LogOverlap(string sentence);
}
