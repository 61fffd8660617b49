using Rabbit.Client.Status;
using Rabbit.Protocol.Messages;

namespace Rabbit.Client.Terminal;

/// <summary>What a terminal can show.</summary>
/// <param name="HasColor">Colors are wanted.</param>
/// <param name="IsUnicode">It shows more than ASCII.</param>
internal sealed record TerminalStyle(bool HasColor, bool IsUnicode)
{
    private const string Green = "32";
    private const string Yellow = "33";
    private const string Red = "31";
    private const string Dim = "2";

    private static readonly string[] LocaleVariables = ["LC_ALL", "LC_CTYPE", "LANG"];

    /// <summary>Stands for what was cut off.</summary>
    public string Ellipsis => IsUnicode ? "…" : "...";

    /// <summary>Stands before each tunnel.</summary>
    public string Bullet => IsUnicode ? "●" : "*";

    /// <summary>As the environment says: NO_COLOR (no-color.org), TERM, and the locale's character set.</summary>
    public static TerminalStyle Detect()
    {
        string locale = LocaleVariables.Select(Environment.GetEnvironmentVariable).FirstOrDefault(value => value is { Length: > 0 }) ?? "";
        return new TerminalStyle(
            Environment.GetEnvironmentVariable("NO_COLOR") is not { Length: > 0 },
            locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase) || locale.Contains("utf8", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>In the color of its state.</summary>
    public string Paint(string text, TunnelSnapshot tunnel) => Paint(text, tunnel.State switch
    {
        TunnelState.Live when tunnel.Service != ServiceState.Down => Green,
        TunnelState.Failed => Red,
        TunnelState.Stopped => Dim,
        _ => Yellow,
    });

    /// <summary>Less important than the rest.</summary>
    public string Faint(string text) => Paint(text, Dim);

    private string Paint(string text, string code) => HasColor && text.Length > 0 ? $"\e[{code}m{text}\e[0m" : text;
}
