using System.IO.Pipelines;

namespace Rabbit.Protocol.Transport;

/// <summary>
/// A lazy, pull-only pipe over a <see cref="RelayEnd"/>: made on first use, it reads the socket only inside ReadAsync and
/// holds no buffer while it waits. A handshake is read through it; then <see cref="Detach"/> gives the end back together
/// with the bytes that were read too far.
/// </summary>
public sealed class DetachableTransport(RelayEnd end) : IDuplexPipe
{
    private static readonly StreamPipeReaderOptions ReaderOptions = new(leaveOpen: true, bufferSize: 4096, minimumReadSize: 512, useZeroByteReads: true);
    private static readonly StreamPipeWriterOptions WriterOptions = new(leaveOpen: true);

    private RelayEndStream? _stream;
    private PipeReader? _input;
    private PipeWriter? _output;

    /// <summary>True once <see cref="Detach"/> was called: the end is somebody else's now.</summary>
    public bool IsDetached { get; private set; }

    /// <inheritdoc/>
    public PipeReader Input => _input ??= PipeReader.Create(Stream, ReaderOptions);

    /// <inheritdoc/>
    public PipeWriter Output => _output ??= PipeWriter.Create(Stream, WriterOptions);

    /// <summary>The end beneath, still owned by this transport.</summary>
    public RelayEnd End => end;

    private RelayEndStream Stream => _stream ??= new RelayEndStream(end);

    /// <summary>Hands over the end with all unread bytes; the pipe must not be used afterwards, nor a read be pending.</summary>
    /// <exception cref="InvalidOperationException">Written bytes were not flushed: they would be lost.</exception>
    public RelayEnd Detach()
    {
        ObjectDisposedException.ThrowIf(IsDetached, this);
        if (_output is { UnflushedBytes: > 0 })
            throw new InvalidOperationException("Flush the output before detaching it.");
        IsDetached = true;
        if (_input is not null)
        {
            // Without the cancellation TryRead keeps back bytes that were examined but not consumed.
            _input.CancelPendingRead();
            if (_input.TryRead(out ReadResult result))
            {
                end.Unread(result.Buffer);
                _input.AdvanceTo(result.Buffer.End);
            }
            _input.Complete();
        }
        _output?.Complete();
        return end;
    }
}
