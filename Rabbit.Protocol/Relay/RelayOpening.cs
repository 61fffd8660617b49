using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Rabbit.Protocol.Relay;

/// <summary>
/// A step that decides whether end A gets to see end B at all: on the server, reading whether the client reached its
/// local service. While it runs, A's bytes flow to B already, up to a limit, and are kept, so that an A whose B did not
/// open can be answered in its own protocol, or be given to another B.
/// </summary>
/// <param name="step">
/// Reads from end B (nobody else does until it has finished), leaves unread there what it read too far, and returns
/// true to let B's bytes flow to A. It needs a deadline of its own; breaking B breaks off its reads.
/// </param>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer or linked tokens holds nothing to dispose.")]
public sealed class RelayOpening(Func<ValueTask<bool>> step)
{
    /// <summary>How many of A's bytes flow before the step has finished: about what TCP sends before it hears an answer.</summary>
    public const int CaptureLimit = 64 * 1024;

    private readonly CancellationTokenSource _refused = new();
    private readonly TaskCompletionSource<bool> _decision = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ArrayBufferWriter<byte>? _captured;
    private volatile bool _opened;

    /// <summary>All that A has said; to be read when the relay has ended as not opened.</summary>
    public ReadOnlyMemory<byte> FirstBytes => _captured?.WrittenMemory ?? default;

    /// <summary>Stops the lane that reads A when the step says no; nothing to watch once it has said yes.</summary>
    internal CancellationToken Refused => _opened ? default : _refused.Token;

    /// <summary>True once the step said yes.</summary>
    internal bool HasOpened => _opened;

    /// <summary>How many more of A's bytes may flow now.</summary>
    internal int Room => _opened ? int.MaxValue : CaptureLimit - (_captured?.WrittenCount ?? 0);

    /// <summary>What the step says; to be awaited where there is no room left.</summary>
    internal Task<bool> Decision => _decision.Task;

    internal ValueTask<bool> RunAsync() => step();

    /// <summary>Called by the one lane that reads A, for at most as many bytes as there was room for.</summary>
    internal void Capture(ReadOnlySpan<byte> bytes)
    {
        if (_opened)
            _captured = null;
        else
            (_captured ??= new ArrayBufferWriter<byte>()).Write(bytes);
    }

    internal void Finish(bool opened)
    {
        _opened = opened;
        if (!opened)
            _refused.Cancel();
        _decision.TrySetResult(opened);
    }
}
