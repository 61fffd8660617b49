using System.Globalization;
using System.Text.Json.Serialization;

namespace Rabbit.Persistence.Management;

/// <summary>The tunnel ports that may be given to tokens.</summary>
/// <param name="First">The lowest.</param>
/// <param name="Last">The highest; it belongs to the range.</param>
public sealed record PortRange(int First, int Last)
{
    private const int Highest = 65535;

    /// <summary>How many ports these are.</summary>
    public int Count => Last - First + 1;

    /// <summary>True when these are ports, the lower first.</summary>
    [JsonIgnore]
    public bool IsValid => First is >= 1 && Last is <= Highest && First <= Last;

    /// <summary>Reads <c>FIRST-LAST</c>; false when it is no range of ports.</summary>
    public static bool TryParse(string? text, out PortRange range)
    {
        int[] ends = [.. (text ?? "").Split('-').Select(
            end => int.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? port : 0)];
        range = ends.Length == 2 ? new PortRange(ends[0], ends[1]) : new PortRange(0, 0);
        return range.IsValid;
    }

    /// <summary>True when the port is one of these.</summary>
    public bool Contains(int port) => port >= First && port <= Last;

    /// <summary>As <see cref="TryParse"/> reads it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}
