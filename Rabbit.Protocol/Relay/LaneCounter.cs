namespace Rabbit.Protocol.Relay;

/// <summary>Bytes that one lane has delivered. It has one writer, so plain additions with a volatile publication are exact.</summary>
internal sealed class LaneCounter
{
    private long _bytes;
    private long _countedBefore;

    /// <summary>Readable from any thread at any time.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public void Add(long bytes)
    {
        if (_countedBefore > 0)
        {
            long again = Math.Min(_countedBefore, bytes);
            _countedBefore -= again;
            bytes -= again;
        }
        Volatile.Write(ref _bytes, _bytes + bytes);
    }

    /// <summary>All bytes so far are delivered again, and counted already. Only between two relays.</summary>
    public void StartOver() => _countedBefore = _bytes;
}
