using System.Globalization;

namespace Rabbit.Faults.History;

/// <summary>One visitor's connection as the visitor saw it.</summary>
/// <param name="Number">Unique in the run.</param>
/// <param name="Kind">What it did.</param>
/// <param name="TunnelPort">Where it connected to.</param>
/// <param name="LocalPort">Where from; 0 when it was not connected.</param>
/// <param name="Began">When it began to connect, since the history began.</param>
/// <param name="Ended">When it was over.</param>
/// <param name="Outcome">What it saw.</param>
/// <param name="Sent">Bytes that its kernel took.</param>
/// <param name="Received">Bytes that arrived.</param>
/// <param name="Detail">More about the outcome, or empty.</param>
internal sealed record Visit(
    int Number, VisitKind Kind, int TunnelPort, int LocalPort, TimeSpan Began, TimeSpan Ended, VisitOutcome Outcome, long Sent, long Received, string Detail)
{
    public TimeSpan Took => Ended - Began;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"visitor {Number} ({Kind}, port {TunnelPort} from {LocalPort}, {Began.TotalSeconds:0.000} to {Ended.TotalSeconds:0.000} s): {Outcome}, {Sent} sent, {Received} received{(Detail.Length > 0 ? $", {Detail}" : "")}");
}
