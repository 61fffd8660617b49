namespace Rabbit.Protocol.Relay;

/// <summary>Bytes that one lane has delivered. It has one writer, so plain additions with a volatile publication are exact.</summary>
internal sealed class LaneCounter
{
    private long _bytes;

    /// <summary>Readable from any thread at any time.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public void Add(long bytes) => Volatile.Write(ref _bytes, _bytes + bytes);
}
