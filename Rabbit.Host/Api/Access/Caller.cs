using System.Security.Claims;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Access;

/// <summary>Whose key a request carries.</summary>
/// <param name="Scope">The only team that exists for it, or null when all do.</param>
/// <param name="Actor">Who it is, for the audit log.</param>
internal sealed record Caller(string? Scope, Actor Actor)
{
    /// <summary>The type of the claim that names a team key's team.</summary>
    public const string TeamClaim = "team";

    /// <summary>Finds out for a route; the request has been authenticated.</summary>
    public static ValueTask<Caller> BindAsync(HttpContext context) => ValueTask.FromResult(new Caller(
        context.User.FindFirstValue(TeamClaim),
        new Actor(
            $"{context.User.FindFirstValue(ClaimTypes.Name)} ({context.User.FindFirstValue(ClaimTypes.NameIdentifier)})",
            context.Connection.RemoteIpAddress?.ToString() ?? "")));
}
