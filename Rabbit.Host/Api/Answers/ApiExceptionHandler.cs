using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api.Answers;

/// <summary>Answers what a route did not foresee: a request that cannot be read, an outage as such, and our own bugs by an id only.</summary>
internal sealed partial class ApiExceptionHandler(ILogger<ApiExceptionHandler> logger) : IExceptionHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var (status, sentence) = exception switch
        {
            BadHttpRequestException bad => (bad.StatusCode, Explain(bad)),
            StoreUnavailableException => (StatusCodes.Status503ServiceUnavailable, "The server's database does not answer now; try again in a moment."),
            _ => (StatusCodes.Status500InternalServerError, "The server failed to answer; its log has the reason under this trace id."),
        };
        if (status == StatusCodes.Status500InternalServerError)
            LogFailed(exception, httpContext.Request.Path);
        httpContext.Response.StatusCode = status;
        await Problems.Of(status, sentence).ExecuteAsync(httpContext);
        return true;
    }

    private static string Explain(BadHttpRequestException bad) => bad switch
    {
        { StatusCode: StatusCodes.Status413PayloadTooLarge } => "The request's body is larger than 64 KiB; send less.",
        { StatusCode: StatusCodes.Status415UnsupportedMediaType } => "Send the body as JSON, with 'Content-Type: application/json'.",
        // "$.max_visitors", also where that is a field that nobody knows.
        { InnerException: JsonException { Path: { Length: > 2 } path } } =>
            $"The field {Shorten(path[2..])} is not known here, is given twice, or has a value of the wrong kind; /swagger describes the fields.",
        { InnerException: JsonException } => "The body is not the JSON object that /swagger describes; correct it.",
        _ when FailedParameter().Match(bad.Message) is { Success: true } match =>
            $"The parameter {JsonNamingPolicy.SnakeCaseLower.ConvertName(match.Groups["name"].Value)} has a value of the wrong kind; /swagger describes the parameters.",
        _ => "The request cannot be read: send what the API's description (/swagger) names.",
    };

    private static string Shorten(string path)
    {
        const int longest = 100;
        string printable = string.Concat(path.Where(c => !char.IsControl(c)));
        return printable.Length <= longest ? printable : printable[..longest];
    }

    // As the framework words it: Failed to bind parameter "Nullable<int> Port" from "x".
    [GeneratedRegex("^Failed to bind parameter \"[^\"]* (?<name>[A-Za-z]+)\" from ")]
    private static partial Regex FailedParameter();

    [LoggerMessage(EventIds.RequestFailed, LogLevel.Error, "The request {Path} failed")]
    private partial void LogFailed(Exception exception, string path);
}
