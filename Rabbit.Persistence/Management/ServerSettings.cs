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
    internal const string StatisticsDays = "statistics_days";

    /// <summary>What to say when <see cref="ReadPortRangeAsync(RabbitDbContext, CancellationToken)"/> finds none.</summary>
    internal const string NoRange =
        "The port range in server_settings is no range (port_range_start, port_range_end); set one with 'rabbit database set-port-range 10000-20000'.";

    internal const int DefaultStatisticsDays = 400;

    private static readonly string[] Changeable = [PortRangeStart, PortRangeEnd, ConnectionLogDays, SessionDays, StatisticsDays];

    private readonly RabbitDatabase _database;
    private readonly TimeProvider _time;
    private readonly PersistenceOptions _options;
    private readonly PortRangeWatch _watch;

    internal ServerSettings(RabbitDatabase database, TimeProvider time, PersistenceOptions options, PortRangeWatch watch)
    {
        _database = database;
        _time = time;
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
            [StatisticsDays] = Text(DefaultStatisticsDays),
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

    /// <summary>All that can be changed; a number that was made unreadable by SQL is 0.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public Task<SettingValues> ReadAllAsync(CancellationToken cancellationToken) => _database.RunAsync(async context =>
        ToValues(await context.ServerSettings.AsNoTracking().Where(row => Changeable.Contains(row.Key))
            .ToDictionaryAsync(row => row.Key, row => row.Value, cancellationToken)));

    /// <summary>Changes settings for all servers on the database; tokens outside a new port range keep their ports.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task<ManagementResult<SettingValues>> UpdateAsync(SettingChange change, Actor actor, CancellationToken cancellationToken)
    {
        if (new[] { change.ConnectionLogDays, change.SessionDays, change.StatisticsDays }.Any(days => days is < 0 or > PersistenceOptions.LongestRetentionDays))
        {
            return ManagementResult<SettingValues>.Fail(
                ManagementError.Invalid, $"connection_log_days, session_days and statistics_days must be 0 to {PersistenceOptions.LongestRetentionDays}; 0 is for ever.");
        }
        return await _database.WriteAsync(async context =>
        {
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            // In one order, so that two changes at once wait for each other.
            Dictionary<string, ServerSettingRow> rows = await (context.Database.IsNpgsql()
                ? context.ServerSettings.FromSql($"SELECT * FROM server_settings WHERE key = ANY ({Changeable}) ORDER BY key FOR UPDATE")
                : context.ServerSettings.Where(row => Changeable.Contains(row.Key))).ToDictionaryAsync(row => row.Key, cancellationToken);
            (string Key, int? Value)[] wanted =
            [
                (PortRangeStart, change.PortRangeStart), (PortRangeEnd, change.PortRangeEnd), (ConnectionLogDays, change.ConnectionLogDays),
                (SessionDays, change.SessionDays), (StatisticsDays, change.StatisticsDays),
            ];
            var changed = new List<string>();
            foreach (var (key, value) in wanted)
            {
                if (value is null || (rows.TryGetValue(key, out ServerSettingRow? row) && row.Value == Text(value.Value)))
                    continue;
                if (row is null)
                    context.ServerSettings.Add(rows[key] = row = new ServerSettingRow { Key = key, Value = "" });
                row.Value = Text(value.Value);
                changed.Add($"{key}={row.Value}");
            }
            SettingValues values = ToValues(rows.ToDictionary(row => row.Key, row => row.Value.Value));
            var range = new PortRange(values.PortRangeStart, values.PortRangeEnd);
            if ((change.PortRangeStart is not null || change.PortRangeEnd is not null) && !range.IsValid)
            {
                return ManagementResult<SettingValues>.Fail(
                    ManagementError.Invalid, $"{range} is no range of ports; name two from 1 to 65535, the lower first.");
            }
            if (changed.Count > 0)
            {
                context.AuditLog.Add(AuditLog.Row(actor, "settings.change", "server", string.Join(' ', changed), _time.GetStoredNow()));
                await context.SaveChangesAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }
            return ManagementResult<SettingValues>.Ok(values);
        }, cancellationToken);
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

    private static SettingValues ToValues(Dictionary<string, string> stored)
    {
        return new SettingValues(Number(PortRangeStart), Number(PortRangeEnd), Number(ConnectionLogDays), Number(SessionDays), Number(StatisticsDays));

        int Number(string key) => int.TryParse(stored.GetValueOrDefault(key), CultureInfo.InvariantCulture, out int number) ? number : 0;
    }

    internal static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
