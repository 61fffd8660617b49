namespace Rabbit.Tunneling.Telemetry;

/// <summary>The names under which this project measures and traces (docs/telemetry.md).</summary>
public static class TunnelingTelemetry
{
    /// <summary>The meter of tunnels, sessions and visitors.</summary>
    public const string MeterName = "Rabbit.Tunneling";

    /// <summary>The activity source of visitors and logins.</summary>
    public const string SourceName = "Rabbit.Tunneling";
}
