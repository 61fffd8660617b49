using System.Diagnostics.Metrics;
using Rabbit.Persistence.Telemetry;
using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Tests.Telemetry;

/// <summary>Metrics for objects that a test makes by itself, to which nobody listens.</summary>
internal static class UnheardMetrics
{
    public static TunnelingMetrics OfTunneling() => new(new Meters());

    public static PersistenceMetrics OfPersistence() => new(new Meters());

    private sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
