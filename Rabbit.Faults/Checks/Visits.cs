using Rabbit.Faults.History;
using Rabbit.Persistence.Model;

namespace Rabbit.Faults.Checks;

/// <summary>What holds of the visitors in every row.</summary>
internal static class Visits
{
    private const int Shown = 5;

    /// <summary>Nobody gets a wrong byte, and who comes and goes outside of all faults is served.</summary>
    /// <param name="visits">Those to be looked at.</param>
    /// <param name="windows">The times in which they may have noticed a fault.</param>
    /// <param name="rows">What the server says of them, to be told along.</param>
    public static IEnumerable<string> Check(IReadOnlyCollection<Visit> visits, IReadOnlyCollection<FaultWindow> windows, IReadOnlyCollection<ConnectionLogRow>? rows = null)
    {
        List<Visit> corrupt = [.. visits.Where(visit => visit.Outcome == VisitOutcome.Corrupt)];
        List<Visit> failed = [.. visits.Where(visit => visit.Outcome is not VisitOutcome.Served and not VisitOutcome.Corrupt && !windows.Any(window => window.Touches(visit)))];
        foreach (Visit visit in corrupt.Take(Shown))
            yield return $"Wrong bytes: {visit}";
        foreach (Visit visit in failed.Take(Shown))
            yield return $"Not served, with no fault near: {visit}{string.Concat(RowsOf(visit, rows).Select(row => $"; in the log {row.Status} '{row.Reason}', {row.BytesFromVisitor} from and {row.BytesToVisitor} to it"))}";
        if (Math.Max(corrupt.Count, failed.Count) > Shown)
            yield return $"In all {corrupt.Count} corrupt visits, and {failed.Count} that failed with no fault near.";
    }

    private static IEnumerable<ConnectionLogRow> RowsOf(Visit visit, IReadOnlyCollection<ConnectionLogRow>? rows) =>
        rows?.Where(row => row.Port == visit.TunnelPort && row.VisitorPort == visit.LocalPort) ?? [];
}
