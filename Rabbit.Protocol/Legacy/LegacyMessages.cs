using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Rabbit.Protocol.Legacy;

/// <summary>
/// The legacy protocol's messages (docs/protocol.md, "Legacy line protocol"). Ids are written as 32 hexadecimal digits:
/// rabbit.go splits its lines at colons.
/// </summary>
public static class LegacyMessages
{
    /// <summary>The line by which a client ends its session.</summary>
    public const string Disconnect = "DISCONNECT";

    /// <summary>What the first line of a data channel begins with.</summary>
    public const string DataPrefix = "DATA:";

    /// <summary>Longest text of an <c>ERROR:</c> line; the rest is cut off.</summary>
    public const int ErrorLength = 512;

    private const int IdLength = 32;

    /// <summary><c>SUCCESS:&lt;id&gt;:&lt;port&gt;\n</c>: the login is accepted.</summary>
    public static byte[] Success(Guid tunnelId, int port) => Line($"SUCCESS:{tunnelId:N}:{port}\n");

    /// <summary><c>ERROR:&lt;message&gt;\n</c>, on one line of printable ASCII whatever the message holds.</summary>
    public static byte[] Error(string message)
    {
        ReadOnlySpan<char> text = message.AsSpan(0, Math.Min(message.Length, ErrorLength));
        var line = new StringBuilder("ERROR:", ErrorLength + 8);
        foreach (char c in text)
            line.Append(c is >= ' ' and <= '~' ? c : char.IsControl(c) ? ' ' : '?');
        return Encoding.ASCII.GetBytes(line.Append('\n').ToString());
    }

    /// <summary><c>CONNECT\nCONN_ID:&lt;id&gt;\n</c> as one buffer: a visitor waits for a data channel of this id.</summary>
    public static byte[] Connect(Guid connectionId) => Line($"CONNECT\nCONN_ID:{connectionId:N}\n");

    /// <summary>Reads the first line of a data channel, <c>DATA:&lt;id&gt;</c>.</summary>
    public static bool TryParseData([NotNullWhen(true)] string? line, out Guid connectionId)
    {
        connectionId = Guid.Empty;
        // The length is checked here because Guid's parser trims.
        return line is not null && line.Length == DataPrefix.Length + IdLength && line.StartsWith(DataPrefix, StringComparison.Ordinal)
            && Guid.TryParseExact(line.AsSpan(DataPrefix.Length), "N", out connectionId);
    }

    private static byte[] Line(FormattableString text) => Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture));
}
