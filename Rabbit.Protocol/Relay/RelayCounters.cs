namespace Rabbit.Protocol.Relay;

/// <summary>Bytes that a relay has delivered, readable while it runs.</summary>
public sealed class RelayCounters
{
    /// <summary>Bytes received from end A and handed to end B's socket.</summary>
    public long AToB => Forward.Bytes;

    /// <summary>Bytes received from end B and handed to end A's socket.</summary>
    public long BToA => Backward.Bytes;

    /// <summary>
    /// A's first bytes went to an end B that was dead, and are sent to another: so many of them were counted already. Only between two relays.
    /// </summary>
    public void RepeatAToB(long bytes) => Forward.Repeat(bytes);

    internal LaneCounter Forward { get; } = new();

    internal LaneCounter Backward { get; } = new();
}
