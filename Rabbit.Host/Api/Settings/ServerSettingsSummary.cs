using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Settings;

/// <summary>The values that operators change at run time.</summary>
/// <param name="PortRangeStart">The first port that new tokens get.</param>
/// <param name="PortRangeEnd">The last port that new tokens get.</param>
/// <param name="ConnectionLogDays">For how many days connections are kept when they are over; 0 for ever.</param>
/// <param name="SessionDays">For how many days sessions are kept when they have ended; 0 for ever.</param>
/// <param name="StatisticsDays">For how many days statistics are kept; 0 for ever.</param>
internal sealed record ServerSettingsSummary(int PortRangeStart, int PortRangeEnd, int ConnectionLogDays, int SessionDays, int StatisticsDays)
{
    public static ServerSettingsSummary Of(SettingValues settings) => new(
        settings.PortRangeStart, settings.PortRangeEnd, settings.ConnectionLogDays, settings.SessionDays, settings.StatisticsDays);
}
