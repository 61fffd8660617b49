using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Audits;

/// <summary>Who changed what, when, and from where.</summary>
internal static class AuditRoutes
{
    public static void MapAudit(this RouteGroupBuilder api) =>
        api.MapGet("/audit", ListAsync).WithTags("Audit").WithName("ListAudit").RequireAuthorization(Allow.WholeServer)
            .WithSummary("Lists who changed what, newest first");

    private static async Task<Results<Ok<PageAnswer<AuditEntrySummary>>, ProblemHttpResult>> ListAsync(
        [FromQuery(Name = "actor")] string? actor, [FromQuery(Name = "action")] string? action, [FromQuery(Name = "subject")] string? subject,
        [FromQuery(Name = "from")] DateTimeOffset? from, [FromQuery(Name = "to")] DateTimeOffset? to, [AsParameters] PageQuery page, AuditLog audit,
        CancellationToken cancellationToken)
    {
        ManagementResult<Page<AuditEntry>> read = await audit.ListAsync(
            new AuditFilter(actor, action, subject, from, to), page.Cursor, page.Most, cancellationToken);
        return read.Value is { } found
            ? TypedResults.Ok(PageAnswer.Of(found, AuditEntrySummary.Of, "changes"))
            : Problems.Of(read.Error, read.Sentence);
    }
}
