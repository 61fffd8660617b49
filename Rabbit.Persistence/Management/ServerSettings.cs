using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>The values that operators change at run time.</summary>
internal sealed class ServerSettings(RabbitDatabase database, IOptions<PersistenceOptions> options)
{
    public const string PortRangeStart = "port_range_start";
    public const string PortRangeEnd = "port_range_end";
    public const string UptimeSeconds = "uptime_seconds";
    public const string ConnectionLogDays = "connection_log_days";
    public const string SessionDays = "session_days";

    /// <summary>Writes the defaults of settings that are not stored yet.</summary>
    public Task InitializeAsync(CancellationToken cancellationToken) => database.WriteAsync(async context =>
    {
        var defaults = new Dictionary<string, string>
        {
            [PortRangeStart] = Text(options.Value.PortRangeStart),
            [PortRangeEnd] = Text(options.Value.PortRangeEnd),
            [UptimeSeconds] = "0",
            [ConnectionLogDays] = Text(options.Value.RetentionDays),
            [SessionDays] = Text(options.Value.RetentionDays),
        };
        // Two servers may start on one empty database.
        foreach (var (key, value) in defaults)
        {
            await context.Database.ExecuteSqlAsync(
                $"INSERT INTO server_settings (key, value) VALUES ({key}, {value}) ON CONFLICT (key) DO NOTHING", cancellationToken);
        }
    }, cancellationToken);

    /// <summary>The tunnel ports that may be assigned, both ends included; null when what is stored is no range of ports.</summary>
    public static async Task<(int Start, int End)?> GetPortRangeAsync(RabbitDbContext context, CancellationToken cancellationToken)
    {
        Dictionary<string, string> stored = await context.ServerSettings.AsNoTracking()
            .Where(row => row.Key == PortRangeStart || row.Key == PortRangeEnd)
            .ToDictionaryAsync(row => row.Key, row => row.Value, cancellationToken);
        return int.TryParse(stored.GetValueOrDefault(PortRangeStart), CultureInfo.InvariantCulture, out int start)
            && int.TryParse(stored.GetValueOrDefault(PortRangeEnd), CultureInfo.InvariantCulture, out int end)
            && start is >= 1 && end is <= 65535 && start <= end ? (start, end) : null;
    }

    /// <summary>Time that servers on this database have run, in seconds.</summary>
    public static async Task<double> GetUptimeAsync(RabbitDbContext context, CancellationToken cancellationToken)
    {
        string? stored = await context.ServerSettings.Where(row => row.Key == UptimeSeconds).Select(row => row.Value).SingleOrDefaultAsync(cancellationToken);
        return stored is null ? 0 : double.Parse(stored, CultureInfo.InvariantCulture);
    }

    /// <summary>For how many days something is kept, 0 for ever; null when what is stored is no such number.</summary>
    public static async Task<int?> GetDaysAsync(RabbitDbContext context, string key, CancellationToken cancellationToken)
    {
        string? stored = await context.ServerSettings.Where(row => row.Key == key).Select(row => row.Value).SingleOrDefaultAsync(cancellationToken);
        return int.TryParse(stored, CultureInfo.InvariantCulture, out int days) && days is >= 0 and <= PersistenceOptions.LongestRetentionDays ? days : null;
    }

    /// <summary>Writes a setting that exists.</summary>
    public static Task SetAsync(RabbitDbContext context, string key, string value, CancellationToken cancellationToken) =>
        context.ServerSettings.Where(row => row.Key == key)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Value, value), cancellationToken);

    public static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
