using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>What an offline reply tells: two sentences, in ASCII unless they are the operator's own (UTF-8).</summary>
/// <param name="Port">The tunnel port that the visitor dialled.</param>
/// <param name="Reason">Why there is nothing behind it.</param>
/// <param name="Kind">What the service speaks, for a visitor whose own words do not tell.</param>
internal readonly record struct OfflineContext(int Port, OfflineReason Reason, ServiceKind Kind = ServiceKind.Unknown)
{
    /// <summary>The operator's words for a client that is away, or null.</summary>
    public string? OwnMessage { get; init; }

    /// <summary>The operator's words for what to do about that, or null.</summary>
    public string? OwnHint { get; init; }

    /// <summary>What is wrong.</summary>
    public string What => Reason switch
    {
        OfflineReason.LocalServiceRefused => $"{Connected}, but its local service refused the connection.",
        OfflineReason.LocalServiceTimedOut => $"{Connected}, but its local service did not answer in time.",
        OfflineReason.LocalServiceUnreachable => $"{Connected}, but cannot reach its local service.",
        OfflineReason.ClientBusy => $"{Connected}, but takes no more visitors at the moment.",
        OfflineReason.NoChannel => $"{Connected}, but opened no data channel in time.",
        OfflineReason.PortClosed => $"Tunnel port {Port} is being closed.",
        OfflineReason.TooManyVisitors => $"Tunnel port {Port} takes no more visitors at the moment.",
        _ => OwnMessage ?? $"The client of tunnel port {Port} is away.",
    };

    /// <summary>What to do about it.</summary>
    public string Remedy => Reason switch
    {
        OfflineReason.LocalServiceRefused => "Start the service, or correct --local-port of tunnel-client connect.",
        OfflineReason.LocalServiceTimedOut => "Look after the service, or correct --local-host and --local-port of tunnel-client connect.",
        OfflineReason.LocalServiceUnreachable => "Correct --local-host and --local-port of tunnel-client connect.",
        OfflineReason.ClientBusy or OfflineReason.TooManyVisitors => "Try again in a few seconds.",
        OfflineReason.PortClosed => "Try again in a few seconds; if it lasts, ask the server's operator.",
        OfflineReason.NoChannel => "Try again; if it lasts, look at the client's log.",
        _ => OwnHint ?? "To bring it back, run on its machine: tunnel-client connect --server HOST:PORT --token-file FILE --local-port PORT",
    };

    private string Connected => $"The client of tunnel port {Port} is connected";

    /// <summary>Both sentences on one line.</summary>
    public string Line => $"{What} {Remedy}";

    /// <summary>The reason in a client's refusal, which may be newer than this server.</summary>
    public static OfflineReason ReasonOf(RefusedReason refused) => refused switch
    {
        RefusedReason.ConnectionRefused => OfflineReason.LocalServiceRefused,
        RefusedReason.TimedOut => OfflineReason.LocalServiceTimedOut,
        RefusedReason.ClientBusy => OfflineReason.ClientBusy,
        RefusedReason.NoChannel => OfflineReason.NoChannel,
        RefusedReason.NotOwner => OfflineReason.ClientAway,
        _ => OfflineReason.LocalServiceUnreachable,
    };
}
