using System.Globalization;

namespace Rabbit.Faults.Rows;

/// <summary>What was measured several times.</summary>
/// <param name="Worst">The longest.</param>
/// <param name="Sum">Of all.</param>
/// <param name="Count">How often.</param>
/// <param name="Limit">What it may be on a machine that does nothing else.</param>
internal sealed record Measure(TimeSpan Worst, TimeSpan Sum, int Count, TimeSpan Limit)
{
    public Measure With(TimeSpan took) => this with { Worst = took > Worst ? took : Worst, Sum = Sum + took, Count = Count + 1 };

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"worst {Worst.TotalSeconds:0.00} s, mean {(Sum / Count).TotalSeconds:0.00} s (limit {Limit.TotalSeconds:0.##} s)");
}
