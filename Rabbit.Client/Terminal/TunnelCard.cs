using System.Globalization;
using Rabbit.Client.Status;
using Rabbit.Protocol.Messages;

namespace Rabbit.Client.Terminal;

/// <summary>One tunnel, a line for each thing that there is to know of it.</summary>
internal static class TunnelCard
{
    private const int LabelWidth = 12;

    public static List<string> Render(TunnelSnapshot tunnel, DateTimeOffset now, TerminalStyle style, int width)
    {
        var lines = new List<string>();
        void Add(string label, string text, Func<string, string>? paint = null)
        {
            string fitted = CellText.Fit(text, width - LabelWidth, style.Ellipsis);
            lines.Add(style.Faint(CellText.Fit(CellText.Pad(label, LabelWidth), width, style.Ellipsis)) + (paint?.Invoke(fitted) ?? fitted));
        }

        Add("Tunnel", TunnelWords.State(tunnel, now) + SinceWhen(tunnel, now), text => style.Paint(text, tunnel));
        if (TunnelWords.Trouble(tunnel) is { } trouble)
            Add("", trouble);
        Add("Visitors at", tunnel.PublicAddress ?? "-");
        Add("Service", tunnel.Service == ServiceState.Up ? $"{tunnel.Local} (works)" : tunnel.Local);
        if (tunnel.Node is not null)
            Add("Node", tunnel.Standby is null ? tunnel.Node : $"{tunnel.Node}, standby {tunnel.Standby}");
        Add("Round trip", Amounts.RoundTrip(tunnel.RoundTripMilliseconds));
        Add("Visitors", string.Create(CultureInfo.InvariantCulture, $"{tunnel.VisitorsNow} now, {tunnel.VisitorsTotal} in all"));
        Add("Up", $"{Amounts.Bytes(tunnel.BytesUp)}, {Amounts.Rate(tunnel.BytesUpPerSecond)}");
        Add("Down", $"{Amounts.Bytes(tunnel.BytesDown)}, {Amounts.Rate(tunnel.BytesDownPerSecond)}");
        return lines;
    }

    private static string SinceWhen(TunnelSnapshot tunnel, DateTimeOffset now) =>
        tunnel.State == TunnelState.Live ? $", for {Amounts.Time(now - tunnel.Since)}" : "";
}
