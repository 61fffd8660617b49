using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Host.Operations;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Settings;

/// <summary>The settings that are in the database.</summary>
internal static class SettingRoutes
{
    public static void MapSettings(this RouteGroupBuilder api)
    {
        RouteGroupBuilder settings = api.MapGroup("/settings").WithTags("Settings");
        settings.MapGet("/", ReadAsync).WithName("GetSettings").RequireAuthorization(Allow.WholeServer)
            .WithSummary("Shows the settings that can be changed while the server runs");
        settings.MapPatch("/", ChangeAsync).WithName("ChangeSettings").WithSummary("Changes them, for all servers on the database");
    }

    private static async Task<Ok<Answer<ServerSettingsSummary>>> ReadAsync(ServerSettings settings, CancellationToken cancellationToken) =>
        TypedResults.Ok(new Answer<ServerSettingsSummary>("Settings", ServerSettingsSummary.Of(await settings.ReadAllAsync(cancellationToken))));

    private static async Task<Results<Ok<Answer<ServerSettingsSummary>>, ProblemHttpResult>> ChangeAsync(
        ChangeSettingsRequest request, Caller caller, SettingOperations settings, CancellationToken cancellationToken)
    {
        ManagementResult<SettingValues> changed = await settings.ChangeAsync(
            caller,
            new SettingChange(request.PortRangeStart, request.PortRangeEnd, request.ConnectionLogDays, request.SessionDays, request.StatisticsDays),
            cancellationToken);
        return changed.Value is { } values
            ? TypedResults.Ok(new Answer<ServerSettingsSummary>("Settings changed", ServerSettingsSummary.Of(values)))
            : Problems.Of(changed.Error, changed.Sentence);
    }
}
