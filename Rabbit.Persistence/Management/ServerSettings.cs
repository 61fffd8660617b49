using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Management;

/// <summary>The values that operators change at run time.</summary>
public sealed class ServerSettings
{
    internal const string PortRangeStart = "port_range_start";
    internal const string PortRangeEnd = "port_range_end";
    internal const string UptimeSeconds = "uptime_seconds";
    internal const string ConnectionLogDays = "connection_log_days";
    internal const string SessionDays = "session_days";

    /// <summary>What to say when <see cref="ReadPortRangeAsync(RabbitDbContext, CancellationToken)"/> finds none.</summary>
    internal const string NoRange =
        "The port range in server_settings is no range (port_range_start, port_range_end); set one with 'rabbit database set-port-range 10000-20000'.";

    private readonly RabbitDatabase _database;
    private readonly PersistenceOptions _options;
    private readonly PortRangeWatch _watch;

    internal ServerSettings(RabbitDatabase database, PersistenceOptions options, PortRangeWatch watch)
    {
        _database = database;
        _options = options;
        _watch = watch;
    }

    /// <summary>Writes the defaults of settings that are not stored yet.</summary>
    internal Task InitializeAsync(CancellationToken cancellationToken) => _database.WriteAsync(async context =>
    {
        var defaults = new Dictionary<string, string>
        {
            [PortRangeStart] = Text(_options.PortRangeStart),
            [PortRangeEnd] = Text(_options.PortRangeEnd),
            [UptimeSeconds] = "0",
            [ConnectionLogDays] = Text(_options.RetentionDays),
            [SessionDays] = Text(_options.RetentionDays),
        };
        // Two servers may start on one empty database.
        foreach (var (key, value) in defaults)
        {
            await context.Database.ExecuteSqlAsync(
                $"INSERT INTO server_settings (key, value) VALUES ({key}, {value}) ON CONFLICT (key) DO NOTHING", cancellationToken);
        }
    }, cancellationToken);

    /// <summary>The tunnel ports that may be assigned; null when what is stored is no range of ports.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public Task<PortRange?> ReadPortRangeAsync(CancellationToken cancellationToken) =>
        _database.RunAsync(context => ReadPortRangeAsync(context, cancellationToken));

    /// <summary>Changes the tunnel ports that may be assigned from now on; tokens outside keep theirs.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task<ManagementResult<PortRange>> SetPortRangeAsync(PortRange range, CancellationToken cancellationToken)
    {
        if (!range.IsValid)
            return ManagementResult<PortRange>.Fail(ManagementError.Invalid, $"{range} is no range of ports; name two from 1 to 65535, the lower first.");
        // One statement, so that nobody reads one end of the old range and one of the new.
        await _database.WriteAsync(context => context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO server_settings (key, value) VALUES ({PortRangeStart}, {Text(range.First)}), ({PortRangeEnd}, {Text(range.Last)})
            ON CONFLICT (key) DO UPDATE SET value = excluded.value
            """, cancellationToken), cancellationToken);
        return ManagementResult<PortRange>.Ok(range);
    }

    /// <inheritdoc cref="ReadPortRangeAsync(CancellationToken)"/>
    internal async Task<PortRange?> ReadPortRangeAsync(RabbitDbContext context, CancellationToken cancellationToken)
    {
        Dictionary<string, string> stored = await context.ServerSettings.AsNoTracking()
            .Where(row => row.Key == PortRangeStart || row.Key == PortRangeEnd)
            .ToDictionaryAsync(row => row.Key, row => row.Value, cancellationToken);
        if (!PortRange.TryParse($"{stored.GetValueOrDefault(PortRangeStart)}-{stored.GetValueOrDefault(PortRangeEnd)}", out PortRange range))
            return null;
        _watch.Show(range);
        return range;
    }

    /// <summary>Time that servers on this database have run, in seconds.</summary>
    internal static async Task<double> GetUptimeAsync(RabbitDbContext context, CancellationToken cancellationToken)
    {
        string? stored = await context.ServerSettings.Where(row => row.Key == UptimeSeconds).Select(row => row.Value).SingleOrDefaultAsync(cancellationToken);
        return stored is null ? 0 : double.Parse(stored, CultureInfo.InvariantCulture);
    }

    /// <summary>For how many days something is kept, 0 for ever; null when what is stored is no such number.</summary>
    internal static async Task<int?> GetDaysAsync(RabbitDbContext context, string key, CancellationToken cancellationToken)
    {
        string? stored = await context.ServerSettings.Where(row => row.Key == key).Select(row => row.Value).SingleOrDefaultAsync(cancellationToken);
        return int.TryParse(stored, CultureInfo.InvariantCulture, out int days) && days is >= 0 and <= PersistenceOptions.LongestRetentionDays ? days : null;
    }

    /// <summary>Writes a setting that exists.</summary>
    internal static Task SetAsync(RabbitDbContext context, string key, string value, CancellationToken cancellationToken) =>
        context.ServerSettings.Where(row => row.Key == key)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Value, value), cancellationToken);

    internal static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
