using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Host.Dashboard;
using Rabbit.Persistence;
using Rabbit.Persistence.Management;
using Rabbit.Protocol;

namespace Rabbit.Host.Api.Status;

/// <summary>What runs here, and which routes there are.</summary>
internal static class StatusRoutes
{
    private static readonly string Version =
        typeof(StatusRoutes).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static void MapVersion(this RouteGroupBuilder api) =>
        api.MapGet("/version", ReadVersion).WithTags("Status").WithName("GetVersion").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Tells what runs here");

    public static void MapRoot(this WebApplication server) =>
        server.MapGet("/", ListEndpoints).AllowAnonymous().WithTags("Status").WithName("ListEndpoints").WithSummary("Lists the endpoints; needs no key");

    private static Ok<Answer<VersionSummary>> ReadVersion(DatabaseSchema schema, IOptions<PersistenceOptions> options, ServerStart start) =>
        TypedResults.Ok(new Answer<VersionSummary>("Rabbit", new VersionSummary(
            Version, Preamble.MajorVersion, RuntimeInformation.FrameworkDescription, schema.IsPostgres ? "postgres" : "sqlite",
            options.Value.Redis.Length > 0, options.Value.Node, start.At)));

    // Who types the address into a browser wants the dashboard.
    private static Results<Ok<EndpointList>, RedirectHttpResult> ListEndpoints(EndpointDataSource endpoints, HttpRequest request) => request.GetTypedHeaders().Accept
        .Any(accepted => accepted.MediaType == "text/html") ? TypedResults.Redirect(DashboardServices.Root) : TypedResults.Ok(new EndpointList(
        "rabbit", "/swagger",
        [.. endpoints.Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []).Select(
                method => $"{method} {endpoint.RoutePattern.RawText!.TrimEnd('/')}"))
            .Where(line => line.Contains("/api/", StringComparison.Ordinal))
            .Distinct().Order(StringComparer.Ordinal)]));
}
