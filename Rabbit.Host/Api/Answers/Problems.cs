using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Answers;

/// <summary>Errors as RFC 9457 problem details, which also carry <c>success</c> and <c>error</c> as rabbit.go's did.</summary>
internal static class Problems
{
    /// <summary>A problem with one sentence that says what to do.</summary>
    public static ProblemHttpResult Of(int status, string sentence) => TypedResults.Problem(detail: sentence, statusCode: status, extensions: new Dictionary<string, object?>
    {
        ["success"] = false,
        ["error"] = sentence,
        ["trace_id"] = Activity.Current?.Id,
    });

    /// <summary>A request that is not valid.</summary>
    public static ProblemHttpResult BadRequest(string sentence) => Of(StatusCodes.Status400BadRequest, sentence);

    /// <summary>Something that does not exist, or not for this key.</summary>
    public static ProblemHttpResult NotFound(string sentence) => Of(StatusCodes.Status404NotFound, sentence);

    /// <summary>The problem of a management operation that was not done.</summary>
    public static ProblemHttpResult Of(ManagementError error, string sentence) => Of(
        error switch
        {
            ManagementError.NotFound => StatusCodes.Status404NotFound,
            ManagementError.Conflict or ManagementError.PortsExhausted => StatusCodes.Status409Conflict,
            _ => StatusCodes.Status400BadRequest,
        },
        sentence);

    /// <summary>Completes the problems that the framework makes by itself.</summary>
    public static void Complete(ProblemDetailsContext context)
    {
        context.ProblemDetails.Extensions.TryAdd("success", false);
        context.ProblemDetails.Detail ??= context.ProblemDetails.Status switch
        {
            StatusCodes.Status404NotFound => "There is no such route; GET / lists the routes.",
            StatusCodes.Status405MethodNotAllowed => "This route does not take this method; GET / lists the routes with theirs.",
            StatusCodes.Status413PayloadTooLarge => "The request's body is larger than 64 KiB; send less.",
            StatusCodes.Status415UnsupportedMediaType => "Send the body as JSON, with 'Content-Type: application/json'.",
            _ => "The request cannot be read: send what the API's description (/swagger) names.",
        };
        context.ProblemDetails.Extensions.TryAdd("error", context.ProblemDetails.Detail);
        context.ProblemDetails.Extensions["trace_id"] = Activity.Current?.Id ?? context.HttpContext.TraceIdentifier;
        context.ProblemDetails.Extensions.Remove("traceId");
    }
}
