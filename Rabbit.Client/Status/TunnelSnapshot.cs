using Rabbit.Protocol.Messages;

namespace Rabbit.Client.Status;

/// <summary>A tunnel at one moment: what the live view shows, and <c>tunnel-client status --json</c> prints.</summary>
/// <param name="Name">Its name in the file, or null for the one of <c>connect</c>.</param>
/// <param name="State">How it stands.</param>
/// <param name="Since">Since when.</param>
/// <param name="Reason">Why it is not live, in a phrase; null when it is.</param>
/// <param name="NextTryAt">When it is tried again, or null.</param>
/// <param name="Server">The server's address.</param>
/// <param name="PublicAddress">Where visitors connect to; null before the first login.</param>
/// <param name="Local">Where the local service listens.</param>
/// <param name="Service">Whether the local service works.</param>
/// <param name="ServiceReason">Why not, in a phrase, or null.</param>
/// <param name="RoundTripMilliseconds">Time until the server has answered the last heartbeat; null before the first.</param>
/// <param name="VisitorsNow">Visitors that are connected.</param>
/// <param name="VisitorsTotal">Visitors since this program has started, with those.</param>
/// <param name="BytesUp">Bytes from the local service to visitors.</param>
/// <param name="BytesDown">Bytes from visitors to the local service.</param>
/// <param name="BytesUpPerSecond">The same in the last second.</param>
/// <param name="BytesDownPerSecond">The same in the last second.</param>
internal sealed record TunnelSnapshot(
    string? Name, TunnelState State, DateTimeOffset Since, string? Reason, DateTimeOffset? NextTryAt, string Server, string? PublicAddress, string Local,
    ServiceState Service, string? ServiceReason, double? RoundTripMilliseconds, int VisitorsNow, long VisitorsTotal, long BytesUp, long BytesDown,
    long BytesUpPerSecond, long BytesDownPerSecond)
{
    /// <summary>Address of the node where it is logged in; null where the server is no cluster.</summary>
    public string? Node { get; init; }

    /// <summary>Address of the node where it goes on when that one is lost; null without a standby.</summary>
    public string? Standby { get; init; }
}
