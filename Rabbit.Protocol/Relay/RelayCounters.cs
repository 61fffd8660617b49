namespace Rabbit.Protocol.Relay;

/// <summary>
/// Bytes that a relay has delivered, readable while it runs. Each direction has one writer, so plain additions with a
/// volatile publication are exact.
/// </summary>
public sealed class RelayCounters
{
    private long _aToB;
    private long _bToA;

    /// <summary>Bytes received from end A and handed to end B's socket.</summary>
    public long AToB => Volatile.Read(ref _aToB);

    /// <summary>Bytes received from end B and handed to end A's socket.</summary>
    public long BToA => Volatile.Read(ref _bToA);

    internal void AddAToB(long count) => Volatile.Write(ref _aToB, _aToB + count);

    internal void AddBToA(long count) => Volatile.Write(ref _bToA, _bToA + count);
}
