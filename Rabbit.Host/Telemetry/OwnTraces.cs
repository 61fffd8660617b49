using System.Diagnostics;

namespace Rabbit.Host.Telemetry;

/// <summary>
/// Every request begins a trace of its own: what a request's headers say of traces is not looked at, since anybody can send
/// requests, and would decide what is recorded here.
/// </summary>
internal sealed class OwnTraces : DistributedContextPropagator
{
    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Fields => [];

    /// <inheritdoc/>
    public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
    {
    }

    /// <inheritdoc/>
    public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) =>
        (traceId, traceState) = (null, null);

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
}
