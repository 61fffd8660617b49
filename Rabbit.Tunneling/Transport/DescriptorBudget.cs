using Microsoft.Extensions.Logging;

namespace Rabbit.Tunneling.Transport;

/// <summary>
/// Keeps descriptors free for what must go on when there are too many connections: of those that listening ports leave, visitors get
/// half, the answers to those that come too late a quarter, new clients half of the rest, and the last eighth is for the API, the database
/// and the log alone. Any thread may call.
/// </summary>
/// <remarks>
/// Nothing is counted: the kernel gives an accepted connection the lowest number that is free (accept(2)), so that as many are open at
/// least.
/// </remarks>
internal sealed partial class DescriptorBudget(TimeProvider time, ILogger<DescriptorBudget> logger)
{
    private readonly long _limit = OpenFileLimit.Read() ?? int.MaxValue;
    private readonly OncePerSecond _logged = new(time);
    private int _listening;

    /// <summary>A port listens from now on.</summary>
    public void PortBound() => Interlocked.Increment(ref _listening);

    /// <summary>A port listens no more.</summary>
    public void PortUnbound() => Interlocked.Decrement(ref _listening);

    /// <summary>True when a visitor that was accepted now is one too many, and to be told so.</summary>
    public bool RefusesVisitor(IncomingConnection visitor) => IsAbove(visitor, 1, 2);

    /// <summary>True when there is not even a descriptor to tell it by: it is only to be dropped.</summary>
    public bool DropsVisitor(IncomingConnection visitor) => IsAbove(visitor, 3, 4);

    /// <summary>True when not even a client, or its data channel, may come.</summary>
    public bool DropsClient(IncomingConnection client) => IsAbove(client, 7, 8);

    private bool IsAbove(IncomingConnection connection, int parts, int whole)
    {
        int listening = Volatile.Read(ref _listening);
        if (connection.Descriptor < listening + ((_limit - listening) * parts / whole))
            return false;
        if (_logged.TryPass())
            LogShort(connection.Descriptor, _limit);
        return true;
    }

    [LoggerMessage(EventIds.DescriptorsShort, LogLevel.Warning, "{Open} of {Limit} descriptors are open: connections are turned away so that the server stays usable. If it should take more, raise LimitNOFILE.")]
    private partial void LogShort(int open, long limit);
}
