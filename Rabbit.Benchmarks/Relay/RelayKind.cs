namespace Rabbit.Benchmarks.Relay;

/// <summary>What carries the bytes, and over what.</summary>
public enum RelayKind
{
    /// <summary>SocketLane both ways between bare sockets: the relay's own choice on Linux.</summary>
    SocketLane,

    /// <summary>BufferLane both ways between bare sockets: what Rabbit does where it cannot splice.</summary>
    BufferLane,

    /// <summary>BufferLane both ways, with TLS on the second connection: the relay's own choice there.</summary>
    BufferLaneTls,
}
