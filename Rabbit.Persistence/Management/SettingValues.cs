namespace Rabbit.Persistence.Management;

/// <summary>The settings that operators change at run time.</summary>
/// <param name="PortRangeStart">The first port that new tokens get.</param>
/// <param name="PortRangeEnd">The last port that new tokens get.</param>
/// <param name="ConnectionLogDays">For how many days connections are kept when they are over; 0 for ever.</param>
/// <param name="SessionDays">For how many days sessions are kept when they have ended; 0 for ever.</param>
/// <param name="StatisticsDays">For how many days statistics are kept; 0 for ever.</param>
public sealed record SettingValues(int PortRangeStart, int PortRangeEnd, int ConnectionLogDays, int SessionDays, int StatisticsDays);

/// <summary>What is to change of <see cref="SettingValues"/>; what is null stays.</summary>
public sealed record SettingChange(
    int? PortRangeStart = null, int? PortRangeEnd = null, int? ConnectionLogDays = null, int? SessionDays = null, int? StatisticsDays = null);
