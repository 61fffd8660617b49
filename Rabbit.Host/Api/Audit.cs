using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api;

/// <summary>Writes down what the request's key has changed.</summary>
internal sealed class Audit(AuditLog log, IHttpContextAccessor accessor)
{
    /// <summary>Records one act of this request. It has been done, so it is recorded even if the caller has gone.</summary>
    public Task WriteAsync(string action, string subject)
    {
        HttpContext context = accessor.HttpContext!;
        return log.WriteAsync(
            context.User.Identity?.Name ?? "", action, subject, context.Connection.RemoteIpAddress?.ToString() ?? "", CancellationToken.None);
    }
}
