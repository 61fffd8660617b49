using System.Runtime.Versioning;

namespace Rabbit.Protocol.Relay.Kernel;

/// <summary>
/// Empty pipes, ready for the next lane that has much to move. A lane holds one only while bytes are in it, so that a few
/// serve all connections; who gets none copies through a buffer.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class KernelPipePool
{
    /// <summary>Pipes in use and spare together: 64 of 1 MiB are what Linux grants a user (fs.pipe-user-pages-soft).</summary>
    public const int Limit = 64;

    /// <summary>Larger pipes move more for each call and gain nothing more beyond this.</summary>
    private const int WantedCapacity = 1024 * 1024;

    // A pipe smaller than this (the user's share is used up) is slower than a buffer.
    private const int LeastCapacity = 128 * 1024;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Stack<KernelPipe> _spare = new(Limit);
    private int _count;
    private long _notBefore;

    /// <summary>The process's pool.</summary>
    public static KernelPipePool Shared { get; } = new();

    /// <summary>Pipes in use and spare.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _count;
        }
    }

    /// <summary>Pipes that lanes hold now.</summary>
    public int InUse
    {
        get
        {
            lock (_lock)
                return _count - _spare.Count;
        }
    }

    /// <summary>An empty pipe, or null when there is none to be had.</summary>
    public KernelPipe? TryLease()
    {
        lock (_lock)
        {
            if (_spare.TryPop(out KernelPipe? spare))
                return spare;
            if (_count >= Limit || Environment.TickCount64 < _notBefore)
                return null;
            if (TryMake() is { } made)
            {
                _count++;
                return made;
            }
            _notBefore = Environment.TickCount64 + (long)PauseAfterFailure.TotalMilliseconds;
            return null;
        }
    }

    /// <summary>Takes a pipe back; one that still holds bytes, because its lane broke, is closed.</summary>
    public void Return(KernelPipe pipe)
    {
        lock (_lock)
        {
            if (pipe.Held == 0)
            {
                _spare.Push(pipe);
                return;
            }
            _count--;
        }
        pipe.Dispose();
    }

    private static KernelPipe? TryMake()
    {
        if (!LinuxCalls.TryMakePipe(out int readEnd, out int writeEnd))
            return null;
        var pipe = new KernelPipe(readEnd, writeEnd, LinuxCalls.ResizePipe(writeEnd, WantedCapacity));
        if (pipe.Capacity >= LeastCapacity)
            return pipe;
        pipe.Dispose();
        return null;
    }
}
