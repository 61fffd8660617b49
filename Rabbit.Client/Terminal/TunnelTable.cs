using System.Globalization;
using Rabbit.Client.Status;

namespace Rabbit.Client.Terminal;

/// <summary>Many tunnels, a row each, and below it what is wrong with it. Where the window is narrow, columns give way, the least important first.</summary>
internal static class TunnelTable
{
    private const int Gap = 2;

    // In the order in which they stand; a column with a higher number gives way before one with a lower.
    private static readonly Column[] Columns =
    [
        new("NAME", 0, false, (tunnel, _) => tunnel.Name ?? tunnel.Local),
        new("STATE", 0, false, TunnelWords.State),
        new("VISITORS AT", 1, false, (tunnel, _) => tunnel.PublicAddress ?? "-"),
        new("SERVICE", 6, false, (tunnel, _) => tunnel.Local),
        new("NODE", 7, false, (tunnel, _) => tunnel.Node ?? ""),
        new("STANDBY", 8, false, (tunnel, _) => tunnel.Standby ?? ""),
        new("RTT", 5, true, (tunnel, _) => Amounts.RoundTrip(tunnel.RoundTripMilliseconds)),
        new("NOW", 2, true, (tunnel, _) => tunnel.VisitorsNow.ToString(CultureInfo.InvariantCulture)),
        new("IN ALL", 4, true, (tunnel, _) => tunnel.VisitorsTotal.ToString(CultureInfo.InvariantCulture)),
        new("UP", 4, true, (tunnel, _) => Amounts.Bytes(tunnel.BytesUp)),
        new("UP/s", 3, true, (tunnel, _) => Amounts.Rate(tunnel.BytesUpPerSecond)),
        new("DOWN", 4, true, (tunnel, _) => Amounts.Bytes(tunnel.BytesDown)),
        new("DOWN/s", 3, true, (tunnel, _) => Amounts.Rate(tunnel.BytesDownPerSecond)),
    ];

    /// <param name="tunnels">In the order of the file.</param>
    /// <param name="now">The time.</param>
    /// <param name="style">What the terminal can show.</param>
    /// <param name="width">Cells of a line.</param>
    /// <param name="height">Lines at most, the heading included.</param>
    public static List<string> Render(IReadOnlyList<TunnelSnapshot> tunnels, DateTimeOffset now, TerminalStyle style, int width, int height)
    {
        string[][] cells = [.. tunnels.Select(tunnel => Columns.Select(column => column.Text(tunnel, now)).ToArray())];
        int[] widths = [.. Columns.Select((column, i) => cells.Select(row => CellText.Width(row[i])).Append(column.Heading.Length).Max())];
        bool[] isEmpty = [.. Columns.Select((_, i) => cells.All(row => row[i].Length == 0))];
        int[] shown = Choose(widths, isEmpty, width);
        var lines = new List<string> { style.Faint(CellText.Fit("  " + Line([.. Columns.Select(column => column.Heading)], shown, widths), width, style.Ellipsis)) };
        for (int i = 0; i < tunnels.Count; i++)
        {
            string? trouble = TunnelWords.Trouble(tunnels[i]);
            bool isLast = i == tunnels.Count - 1;
            if (lines.Count + (trouble is null ? 1 : 2) + (isLast ? 0 : 1) > height)
            {
                lines.Add(CellText.Fit(string.Create(CultureInfo.InvariantCulture, $"  and {tunnels.Count - i} more; 'tunnel-client status' shows all"), width, style.Ellipsis));
                break;
            }
            lines.Add(style.Paint(style.Bullet, tunnels[i]) + CellText.Fit(" " + Line(cells[i], shown, widths), width - 1, style.Ellipsis));
            if (trouble is not null)
                lines.Add(style.Faint(CellText.Fit($"    {trouble}", width, style.Ellipsis)));
        }
        return lines;
    }

    private static int[] Choose(int[] widths, bool[] isEmpty, int width)
    {
        List<int> shown = [.. Enumerable.Range(0, Columns.Length).Where(i => !isEmpty[i])];
        while (2 + shown.Sum(i => widths[i] + Gap) - Gap > width && shown.Max(i => Columns[i].GivesWay) is > 0 and var least)
            shown.RemoveAll(i => Columns[i].GivesWay == least);
        return [.. shown];
    }

    private static string Line(string[] cells, int[] shown, int[] widths) => string.Join(
        new string(' ', Gap), shown.Select(i => CellText.Pad(cells[i], widths[i], Columns[i].IsNumber))).TrimEnd();

    private sealed record Column(string Heading, int GivesWay, bool IsNumber, Func<TunnelSnapshot, DateTimeOffset, string> Text);
}
