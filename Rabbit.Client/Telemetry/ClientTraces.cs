using System.Diagnostics;
using Rabbit.Client.Commands;
using Rabbit.Client.Connection;
using Rabbit.Protocol.Messages;

namespace Rabbit.Client.Telemetry;

/// <summary>Begins spans; none while nobody listens.</summary>
internal static class ClientTraces
{
    /// <summary>The activity source's name.</summary>
    public const string SourceName = "Rabbit.Client";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>From dialling the server's control port to its answer.</summary>
    public static Activity? StartLogin(ConnectOptions options)
    {
        Activity? span = Source.StartActivity("login", ActivityKind.Client);
        span?.SetTag("server.address", options.Host);
        span?.SetTag("server.port", options.Port);
        return span;
    }

    /// <summary>
    /// A visitor's time at the local service, of which this program is the client; a part of the server's span of the visitor.
    /// </summary>
    public static Activity? StartVisitor(in Start visitor, ConnectOptions options)
    {
        if (!Source.HasListeners())
            return null;
        Activity? span = Source.StartActivity("visitor", ActivityKind.Client, visitor.Trace.ToActivityContext());
        if (options.Local is LocalTarget.Tcp tcp)
        {
            span?.SetTag("server.address", tcp.Host);
            span?.SetTag("server.port", tcp.Port);
        }
        else
        {
            span?.SetTag("server.address", options.Local.ToString());
        }
        span?.SetTag("rabbit.visitor.number", (long)visitor.ChannelId);
        return span;
    }

    /// <summary>Ends a span that failed.</summary>
    /// <param name="span">The span, or null.</param>
    /// <param name="type">A short name of what went wrong, of which there are few.</param>
    /// <param name="sentence">For people.</param>
    public static void Fail(this Activity? span, string type, string sentence)
    {
        span?.SetTag("error.type", type);
        span?.SetStatus(ActivityStatusCode.Error, sentence);
    }
}
