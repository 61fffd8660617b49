namespace Rabbit.Protocol.Relay;

/// <summary>Bytes that a relay has delivered, readable while it runs.</summary>
public sealed class RelayCounters
{
    /// <summary>Bytes received from end A and handed to end B's socket.</summary>
    public long AToB => Forward.Bytes;

    /// <summary>Bytes received from end B and handed to end A's socket.</summary>
    public long BToA => Backward.Bytes;

    /// <summary>
    /// All that A has said went to an end B that was dead, and is sent to another, but not counted again. Only between two relays.
    /// </summary>
    public void StartAToBOver() => Forward.StartOver();

    internal LaneCounter Forward { get; } = new();

    internal LaneCounter Backward { get; } = new();
}
