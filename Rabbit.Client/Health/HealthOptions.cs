using System.Globalization;
using Rabbit.Client.Commands;

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
    /// <param name="health">How.</param>
    /// <param name="interval">Seconds.</param>
    /// <param name="call">How an option is called where it was given; null: as a flag.</param>
    /// <exception cref="OptionException">One sentence that says what to correct.</exception>
    public static HealthOptions Read(string? health, string? interval, Func<string, string>? call = null)
    {
        call ??= option => $"--{option}";
        var (kind, path) = ReadKind(health, call("health"));
        return new HealthOptions(kind, path, ReadInterval(interval, call("health-interval")));
    }

    private static (ProbeKind Kind, string Path) ReadKind(string? health, string option)
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
                : throw new OptionException("health", $"The path in {option} must begin with a slash and be written without spaces, as in http:/healthz, not '{health}'.");
        }
        throw new OptionException("health", $"{option} must be tcp, http, http:/PATH, postgres, mysql, redis, ssh or none, not '{health}'.");
    }

    private static TimeSpan ReadInterval(string? interval, string option) => interval is null ? DefaultInterval
        : double.TryParse(interval, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            && seconds is >= ShortestInterval and <= LongestInterval ? TimeSpan.FromSeconds(seconds)
        : throw new OptionException("health-interval", $"{option} must be from 0.1 to 3600 seconds, not '{interval}'.");
}
