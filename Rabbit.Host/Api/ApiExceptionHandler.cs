using Microsoft.AspNetCore.Diagnostics;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api;

/// <summary>Answers what a route did not foresee: an outage as such, and our own bugs by an id only.</summary>
internal sealed partial class ApiExceptionHandler(ILogger<ApiExceptionHandler> logger) : IExceptionHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var (status, sentence) = exception switch
        {
            StoreUnavailableException => (StatusCodes.Status503ServiceUnavailable, "The server's database does not answer now; try again in a moment."),
            _ => (StatusCodes.Status500InternalServerError, "The server failed to answer; its log has the reason under this trace id."),
        };
        if (status == StatusCodes.Status500InternalServerError)
            LogFailed(exception, httpContext.Request.Path);
        httpContext.Response.StatusCode = status;
        await Problems.Of(status, sentence).ExecuteAsync(httpContext);
        return true;
    }

    [LoggerMessage(EventIds.RequestFailed, LogLevel.Error, "The request {Path} failed")]
    private partial void LogFailed(Exception exception, string path);
}
