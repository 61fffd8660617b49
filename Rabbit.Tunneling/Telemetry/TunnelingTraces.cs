using System.Diagnostics;
using Rabbit.Protocol.Messages;

namespace Rabbit.Tunneling.Telemetry;

/// <summary>Begins spans; none while nobody listens.</summary>
internal static class TunnelingTraces
{
    private static readonly ActivitySource Source = new(TunnelingTelemetry.SourceName);

    /// <summary>A visitor's span, which began when it was accepted.</summary>
    public static Activity? StartVisitor(DateTimeOffset at) => Start("visitor", at, default);

    /// <summary>
    /// A login's span. The client's own is only linked to it: who has not authenticated yet must not decide what is recorded here.
    /// </summary>
    public static Activity? StartLogin(TraceContext client) => Start("login", default, client);

    private static Activity? Start(string name, DateTimeOffset at, TraceContext linked)
    {
        if (!Source.HasListeners())
            return null;
        // Whatever was under way where the port was bound is not the cause of this.
        Activity.Current = null;
        ActivityLink[]? links = linked.IsPresent ? [new ActivityLink(linked.ToActivityContext())] : null;
        return Source.StartActivity(name, ActivityKind.Server, default(ActivityContext), links: links, startTime: at);
    }
}
