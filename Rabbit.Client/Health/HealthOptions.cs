using System.Globalization;

namespace Rabbit.Client.Health;

/// <summary>How and how often the local service is asked whether it works.</summary>
/// <param name="Kind">How.</param>
/// <param name="Path">What an HTTP service is asked for.</param>
/// <param name="Interval">How often while it works.</param>
internal sealed record HealthOptions(ProbeKind Kind, string Path, TimeSpan Interval)
{
    private const double ShortestInterval = 0.1;
    private const double LongestInterval = 3600;
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    /// <summary>How soon it is asked again when it has not answered.</summary>
    public TimeSpan Retry => Interval < LongestRetry ? Interval : LongestRetry;

    /// <summary>Reads --health and --health-interval; null where one was not given.</summary>
    /// <exception cref="FormatException">One sentence that says what to correct.</exception>
    public static HealthOptions Read(string? health, string? interval)
    {
        var (kind, path) = ReadKind(health);
        return new HealthOptions(kind, path, ReadInterval(interval));
    }

    private static (ProbeKind Kind, string Path) ReadKind(string? health)
    {
        switch (health)
        {
            case null:
                return (ProbeKind.Declared, "/");
            case "none":
                return (ProbeKind.None, "/");
            case "tcp":
                return (ProbeKind.Tcp, "/");
            case "http":
                return (ProbeKind.Http, "/");
            case "postgres":
                return (ProbeKind.Postgres, "/");
            case "mysql":
                return (ProbeKind.MySql, "/");
            case "redis":
                return (ProbeKind.Redis, "/");
            case "ssh":
                return (ProbeKind.Ssh, "/");
        }
        if (health.StartsWith("http:", StringComparison.Ordinal))
        {
            string path = health["http:".Length..];
            return path is ['/', ..] && path.All(c => c is > ' ' and <= '~')
                ? (ProbeKind.Http, path)
                : throw new FormatException($"The path in --health must begin with a slash and be written without spaces, as in http:/healthz, not '{health}'.");
        }
        throw new FormatException($"--health must be tcp, http, http:/PATH, postgres, mysql, redis, ssh or none, not '{health}'.");
    }

    private static TimeSpan ReadInterval(string? interval) => interval is null ? DefaultInterval
        : double.TryParse(interval, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            && seconds is >= ShortestInterval and <= LongestInterval ? TimeSpan.FromSeconds(seconds)
        : throw new FormatException($"--health-interval must be from 0.1 to 3600 seconds, not '{interval}'.");
}
