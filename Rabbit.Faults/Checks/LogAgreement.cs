using Rabbit.Faults.History;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Faults.Checks;

/// <summary>The connection log and the history tell the same.</summary>
internal static class LogAgreement
{
    private const int Shown = 5;

    /// <summary>What they differ in.</summary>
    /// <param name="visits">As the visitors saw them.</param>
    /// <param name="rows">As the server wrote them down.</param>
    /// <param name="mayDiffer">True for a visit that a fault has hidden from the log, or cut short there.</param>
    /// <param name="mayBreakLate">True for a visit whose client a fault may have broken when the visitor had all it wanted; null for none.</param>
    public static IReadOnlyList<string> Check(
        IEnumerable<Visit> visits, IEnumerable<ConnectionLogRow> rows, Func<Visit, bool> mayDiffer, Func<Visit, bool>? mayBreakLate = null)
    {
        var violations = new List<string>();
        ILookup<(int, int), Visit> visitsOf = visits.Where(visit => visit.LocalPort != 0).ToLookup(visit => (visit.TunnelPort, visit.LocalPort));
        ILookup<(int, int), ConnectionLogRow> rowsOf = rows.ToLookup(row => (row.Port, row.VisitorPort));
        foreach (IGrouping<(int, int), ConnectionLogRow> group in rowsOf)
        {
            if (group.FirstOrDefault(row => row.Status == ConnectionStatus.Active) is { } open)
                violations.Add($"A row is left open: port {open.Port}, visitor port {open.VisitorPort}, since {open.StartedAt:O}");
            if (group.Count() > visitsOf[group.Key].Count())
                violations.Add($"{group.Count()} rows for {visitsOf[group.Key].Count()} visits of port {group.Key.Item1} from port {group.Key.Item2}: {string.Join("; ", group.Select(Text))}");
        }
        foreach (IGrouping<(int, int), Visit> group in visitsOf)
        {
            List<ConnectionLogRow> left = [.. rowsOf[group.Key]];
            // Those first of whom most is known: what was served agrees with one row alone.
            foreach (Visit visit in group.OrderBy(visit => visit.Outcome))
            {
                bool late = mayBreakLate?.Invoke(visit) == true;
                ConnectionLogRow? found = left.Where(row => Rank(visit, row, late) is not null).MinBy(row => Rank(visit, row, late));
                if (found is not null)
                    left.Remove(found);
                else if (!mayDiffer(visit))
                    violations.Add($"{visit} is not on record like that{string.Concat(left.Select(row => $"; there is {Text(row)}"))}");
            }
        }
        return violations.Count <= Shown ? violations : [.. violations.Take(Shown), $"In all the log and the history differ in {violations.Count} places."];
    }

    private static string Text(ConnectionLogRow row) =>
        $"{row.Status} '{row.Reason}', since {row.StartedAt:O} for {row.DurationMs} ms, {row.BytesFromVisitor} from and {row.BytesToVisitor} to the visitor";

    /// <summary>How well a row tells what a visitor saw, 0 being best, where several visitors came from the same port; null for not at all.</summary>
    private static int? Rank(Visit visit, ConnectionLogRow row, bool mayBreakLate)
    {
        bool isSame = row.BytesFromVisitor == visit.Sent && row.BytesToVisitor == visit.Received;
        // Of a connection that broke nobody outside knows more than that every byte that arrived was counted.
        bool isEnough = row.BytesToVisitor >= visit.Received;
        return (visit.Outcome, row.Status) switch
        {
            (_, ConnectionStatus.Active) => null,
            (VisitOutcome.Served, ConnectionStatus.Closed) => isSame ? 0 : null,
            (VisitOutcome.Served, ConnectionStatus.Error) => isSame && mayBreakLate ? 1 : null,
            (VisitOutcome.Served, _) => null,
            (VisitOutcome.Offline, ConnectionStatus.Refused or ConnectionStatus.Timeout) => isEnough ? 0 : null,
            (VisitOutcome.Offline, ConnectionStatus.Error) => isEnough ? 1 : null,
            (VisitOutcome.Offline, _) => null,
            (_, ConnectionStatus.Error) => isEnough ? 0 : null,
            _ => isEnough ? 1 : null,
        };
    }
}
