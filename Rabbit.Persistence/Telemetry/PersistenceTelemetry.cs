namespace Rabbit.Persistence.Telemetry;

/// <summary>The names under which this project measures (docs/telemetry.md).</summary>
public static class PersistenceTelemetry
{
    /// <summary>The meter of the stores.</summary>
    public const string MeterName = "Rabbit.Persistence";
}
