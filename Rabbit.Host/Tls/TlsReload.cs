using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling;

namespace Rabbit.Host.Tls;

/// <summary>
/// Looks at the TLS files every few seconds, which also sees links that were changed (as certbot and Kubernetes do), and at once on
/// SIGHUP; and warns once a day when the certificate is about to expire.
/// </summary>
internal sealed partial class TlsReload(TlsMaterial material, IServiceProvider services, IOptions<TunnelingOptions> options, TimeProvider time, ILogger<TlsReload> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);
    private static readonly TimeSpan WarningInterval = TimeSpan.FromDays(1);

    // A lone server has none.
    private readonly NodeMaterial? _node = options.Value.IsClustered ? services.GetRequiredService<NodeMaterial>() : null;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PosixSignalRegistration? hangUp = ReloadOnHangUp();
        using var pace = new PeriodicTimer(Interval, time);
        DateTimeOffset warnFrom = DateTimeOffset.MinValue;
        try
        {
            do
            {
                Reload();
                DateTimeOffset now = time.GetUtcNow();
                if (now >= warnFrom && WarnOfExpiry(now))
                    warnFrom = now + WarningInterval;
            }
            while (await pace.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    // On a terminal the signal says that the terminal is gone, and ends the server as it does every program there.
    private PosixSignalRegistration? ReloadOnHangUp() => !Console.IsInputRedirected ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
    {
        context.Cancel = true;
        Reload();
    });

    private void Reload()
    {
        material.Reload();
        _node?.Reload();
    }

    private bool WarnOfExpiry(DateTimeOffset now) => WarnOfExpiryOfServer(now) | WarnOfExpiryOfNode(now);

    private bool WarnOfExpiryOfNode(DateTimeOffset now)
    {
        if (_node?.Certificate.TargetCertificate.NotAfter.ToUniversalTime() is not { } end || end - now > Soon)
            return false;
        LogNodeExpires(end, (int)(end - now).TotalDays);
        return true;
    }

    private bool WarnOfExpiryOfServer(DateTimeOffset now)
    {
        X509Certificate2 certificate = material.Certificate.TargetCertificate;
        DateTimeOffset end = certificate.NotAfter.ToUniversalTime();
        if (end - now > Soon)
            return false;
        if (end > now)
            LogExpires(end, (int)(end - now).TotalDays);
        else
            LogExpired(end);
        return true;
    }

    [LoggerMessage(EventIds.CertificateExpires, LogLevel.Warning, "The server's certificate expires at {End:u}, in {Days} days; put a new one in its place")]
    private partial void LogExpires(DateTimeOffset end, int days);

    [LoggerMessage(EventIds.NodeCertificateExpires, LogLevel.Warning, "The node's certificate expires at {End:u}, in {Days} days; without a new one the other nodes do not know it any more")]
    private partial void LogNodeExpires(DateTime end, int days);

    [LoggerMessage(EventIds.CertificateExpires, LogLevel.Warning, "The server's certificate has expired at {End:u}; put a new one in its place")]
    private partial void LogExpired(DateTimeOffset end);
}
