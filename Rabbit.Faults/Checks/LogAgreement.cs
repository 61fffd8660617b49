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
    public static IReadOnlyList<string> Check(IEnumerable<Visit> visits, IEnumerable<ConnectionLogRow> rows, Func<Visit, bool> mayDiffer)
    {
        var violations = new List<string>();
        ILookup<(int, int), Visit> visitsOf = visits.Where(visit => visit.LocalPort != 0).ToLookup(visit => (visit.TunnelPort, visit.LocalPort));
        ILookup<(int, int), ConnectionLogRow> rowsOf = rows.ToLookup(row => (row.Port, row.VisitorPort));
        foreach (IGrouping<(int, int), ConnectionLogRow> group in rowsOf)
        {
            if (group.FirstOrDefault(row => row.Status == ConnectionStatus.Active) is { } open)
                violations.Add($"A row is left open: port {open.Port}, visitor port {open.VisitorPort}, since {open.StartedAt:O}");
            if (group.Count() > visitsOf[group.Key].Count())
                violations.Add($"{group.Count()} rows for {visitsOf[group.Key].Count()} visits of port {group.Key.Item1} from port {group.Key.Item2}");
        }
        foreach (IGrouping<(int, int), Visit> group in visitsOf)
        {
            List<ConnectionLogRow> left = [.. rowsOf[group.Key]];
            // Those first of whom most is known: what was served agrees with one row alone.
            foreach (Visit visit in group.OrderBy(visit => visit.Outcome))
            {
                int found = left.FindIndex(row => Agrees(visit, row));
                if (found >= 0)
                    left.RemoveAt(found);
                else if (!mayDiffer(visit))
                    violations.Add($"{visit} is not on record like that{string.Concat(left.Select(row => $"; there is {row.Status} '{row.Reason}', {row.BytesFromVisitor} from and {row.BytesToVisitor} to the visitor"))}");
            }
        }
        return violations.Count <= Shown ? violations : [.. violations.Take(Shown), $"In all the log and the history differ in {violations.Count} places."];
    }

    // Of a connection that broke nobody outside knows more than that every byte that arrived was counted.
    private static bool Agrees(Visit visit, ConnectionLogRow row) => visit.Outcome switch
    {
        VisitOutcome.Served => row.Status == ConnectionStatus.Closed && row.BytesFromVisitor == visit.Sent && row.BytesToVisitor == visit.Received,
        VisitOutcome.Offline => row.Status is ConnectionStatus.Refused or ConnectionStatus.Timeout or ConnectionStatus.Error && row.BytesToVisitor >= visit.Received,
        _ => row.Status != ConnectionStatus.Active && row.BytesToVisitor >= visit.Received,
    };
}
