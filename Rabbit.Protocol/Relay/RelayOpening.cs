using System.Diagnostics.CodeAnalysis;

namespace Rabbit.Protocol.Relay;

/// <summary>
/// A step that decides whether end A gets to see end B at all: on the server, reading whether the client reached its
/// local service. While it runs, A's bytes flow to B already and the first of them are kept, so that an A whose B did
/// not open can be answered in its own protocol.
/// </summary>
/// <param name="step">
/// Reads from end B (nobody else does until it has finished), leaves unread there what it read too far, and returns
/// true to let B's bytes flow to A. It needs a deadline of its own; breaking B breaks off its reads.
/// </param>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer or linked tokens holds nothing to dispose.")]
public sealed class RelayOpening(Func<ValueTask<bool>> step)
{
    /// <summary>How many of A's first bytes are kept.</summary>
    public const int CaptureLimit = 512;

    private readonly CancellationTokenSource _refused = new();
    private byte[] _captured = [];
    private volatile bool _opened;

    /// <summary>A's first bytes, at most <see cref="CaptureLimit"/>; to be read when the relay has ended as not opened.</summary>
    public ReadOnlyMemory<byte> FirstBytes => _captured;

    /// <summary>Stops the lane that reads A when the step says no; nothing to watch once it has said yes.</summary>
    internal CancellationToken Refused => _opened ? default : _refused.Token;

    /// <summary>True once the step said yes.</summary>
    internal bool HasOpened => _opened;

    internal ValueTask<bool> RunAsync() => step();

    /// <summary>Called by the one lane that reads A.</summary>
    internal void Capture(ReadOnlySpan<byte> bytes)
    {
        if (_opened)
            _captured = [];
        else if (_captured.Length < CaptureLimit)
            _captured = [.. _captured, .. bytes[..Math.Min(bytes.Length, CaptureLimit - _captured.Length)]];
    }

    internal void Finish(bool opened)
    {
        _opened = opened;
        if (!opened)
            _refused.Cancel();
    }
}
