using System.Globalization;

namespace Rabbit.Faults.Checks;

/// <summary>
/// How much of the time somebody on this machine waited for a processor (Linux, Documentation/accounting/psi.rst): times that were measured
/// say something of Rabbit only where that is little.
/// </summary>
internal sealed class CpuPressure
{
    private const string File = "/proc/pressure/cpu";

    private readonly long _started = TimeProvider.System.GetTimestamp();
    private readonly TimeSpan? _waited = Read();

    public static CpuPressure Start() => new();

    public override string ToString() => Read() - _waited is { } waited
        ? string.Create(CultureInfo.InvariantCulture, $"the machine was short of processors {waited / TimeProvider.System.GetElapsedTime(_started):P0} of the time")
        : "the kernel does not tell how busy the machine was";

    // some avg10=0.00 avg60=0.00 avg300=0.00 total=12345, in microseconds
    private static TimeSpan? Read() => System.IO.File.Exists(File) && System.IO.File.ReadLines(File).First().Split("total=") is [_, var total]
        ? TimeSpan.FromMicroseconds(long.Parse(total, CultureInfo.InvariantCulture))
        : null;
}
