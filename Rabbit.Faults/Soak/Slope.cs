using System.Globalization;

namespace Rabbit.Faults.Soak;

/// <summary>A straight line through samples (ordinary least squares), and how well its slope is known.</summary>
/// <param name="PerHour">The slope, per hour.</param>
/// <param name="Error">Half of the interval in which it lies with 95 % confidence, if the samples scatter independently.</param>
/// <param name="Samples">How many there were.</param>
internal sealed record Slope(double PerHour, double Error, int Samples)
{
    /// <summary>Of the line through these.</summary>
    /// <param name="samples">At least three, at different times.</param>
    public static Slope Of(IReadOnlyList<(TimeSpan At, double Value)> samples)
    {
        double meanTime = samples.Average(sample => sample.At.TotalHours), meanValue = samples.Average(sample => sample.Value);
        double squares = samples.Sum(sample => Square(sample.At.TotalHours - meanTime));
        double slope = samples.Sum(sample => (sample.At.TotalHours - meanTime) * (sample.Value - meanValue)) / squares;
        double residuals = samples.Sum(sample => Square(sample.Value - meanValue - (slope * (sample.At.TotalHours - meanTime))));
        int degrees = samples.Count - 2;
        return new Slope(slope, Student95(degrees) * Math.Sqrt(residuals / degrees / squares), samples.Count);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{PerHour:+0.00;-0.00} +- {Error:0.00} MB/h (95 %, {Samples} samples)");

    private static double Square(double value) => value * value;

    // The two-sided 95 % quantile of Student's distribution: its expansion in 1/degrees (Abramowitz and Stegun 26.7.5), exact to 1 % from 4 on.
    private static double Student95(int degrees)
    {
        const double Normal = 1.959964;
        double cubed = Math.Pow(Normal, 3), fifth = Math.Pow(Normal, 5);
        return Normal + ((cubed + Normal) / (4 * degrees)) + (((5 * fifth) + (16 * cubed) + (3 * Normal)) / (96.0 * degrees * degrees));
    }
}
