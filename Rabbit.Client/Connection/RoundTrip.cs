using Rabbit.Client.Status;
using Rabbit.Protocol.Messages;

namespace Rabbit.Client.Connection;

/// <summary>Measures how long the server takes to answer a heartbeat.</summary>
internal sealed class RoundTrip(TunnelStatus status, TimeProvider time)
{
    private readonly Lock _lock = new();
    private ulong _number;
    private long _sentAt;

    /// <summary>The next heartbeat, which leaves now.</summary>
    public Ping Begin()
    {
        lock (_lock)
        {
            _sentAt = time.GetTimestamp();
            return new Ping(++_number);
        }
    }

    /// <summary>An answer; of an earlier heartbeat than the last it says nothing.</summary>
    public void End(Pong pong)
    {
        lock (_lock)
        {
            if (pong.Number == _number)
                status.HeartbeatTook(time.GetElapsedTime(_sentAt));
        }
    }
}
