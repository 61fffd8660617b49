namespace Rabbit.Host.Dashboard.Access;

/// <summary>
/// What browsers are told about the dashboard's pages: nothing from another origin, no script that is not a file of this server, and
/// nobody else's frame around them. A WebSocket is opened from our own pages only.
/// </summary>
internal static class PageHeaders
{
    // Components set sizes and positions by style attributes, which a policy can allow or forbid only all together.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    private const string Circuits = "/_blazor";

    /// <summary>Adds them, and refuses requests for the pages' WebSocket that come from elsewhere.</summary>
    public static void UsePageHeaders(this WebApplication server) => server.Use(static (context, next) =>
    {
        HttpRequest request = context.Request;
        if (request.Path.StartsWithSegments(Circuits))
        {
            // Browsers name the page's origin, and let pages of every origin open WebSockets (RFC 6455, 10.2). The scheme is left out:
            // something in front of this server may speak TLS.
            if (request.Headers.Origin is [{ } origin] && !IsOurs(origin, request.Host))
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return Task.CompletedTask;
            }
        }
        if (request.Path.StartsWithSegments(DashboardServices.Root))
        {
            IHeaderDictionary headers = context.Response.Headers;
            headers.ContentSecurityPolicy = Policy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers.CacheControl = "no-cache, no-store"; // As the antiforgery token wants it.
        }
        return next(context);
    });

    private static bool IsOurs(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? uri) && string.Equals(uri.Authority, host.Value, StringComparison.OrdinalIgnoreCase);
}
