using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;

namespace Rabbit.Host.Tls;

/// <summary>
/// Looks at the TLS files every few seconds, which also sees links that were changed (as certbot and Kubernetes do), and at once on
/// SIGHUP; and warns once a day when the certificate is about to expire.
/// </summary>
internal sealed partial class TlsReload(TlsMaterial material, TimeProvider time, ILogger<TlsReload> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);
    private static readonly TimeSpan WarningInterval = TimeSpan.FromDays(1);

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
                material.Reload();
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
        material.Reload();
    });

    private bool WarnOfExpiry(DateTimeOffset now)
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

    [LoggerMessage(EventIds.CertificateExpires, LogLevel.Warning, "The server's certificate has expired at {End:u}; put a new one in its place")]
    private partial void LogExpired(DateTimeOffset end);
}
