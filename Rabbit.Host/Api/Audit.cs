using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api;

/// <summary>Writes down what the request's key has changed.</summary>
internal sealed class Audit(AuditLog log, IHttpContextAccessor accessor)
{
    /// <summary>Records one act of this request.</summary>
    public Task WriteAsync(string action, string subject, CancellationToken cancellationToken)
    {
        HttpContext context = accessor.HttpContext!;
        return log.WriteAsync(
            context.User.Identity?.Name ?? "", action, subject, context.Connection.RemoteIpAddress?.ToString() ?? "", cancellationToken);
    }
}
