namespace Rabbit.Host.Api.Settings;

/// <summary>What is to change; what is absent or null stays.</summary>
/// <param name="PortRangeStart">The first port that new tokens get; tokens outside keep theirs.</param>
/// <param name="PortRangeEnd">The last port that new tokens get.</param>
/// <param name="ConnectionLogDays">For how many days connections are kept when they are over, up to 36,500; 0 for ever.</param>
/// <param name="SessionDays">For how many days sessions are kept when they have ended, up to 36,500; 0 for ever.</param>
/// <param name="StatisticsDays">For how many days statistics are kept, up to 36,500; 0 for ever.</param>
internal sealed record ChangeSettingsRequest(int? PortRangeStart, int? PortRangeEnd, int? ConnectionLogDays, int? SessionDays, int? StatisticsDays);
