using System.Net.Security;
using System.Runtime.CompilerServices;

namespace Rabbit.Protocol.Transport;

/// <summary>
/// A relay's end under TLS. The end of one direction is its close_notify (RFC 8446 section 6.1); a FIN without one is a
/// break. Disposing it without <see cref="ShutdownSendAsync"/> is therefore a break to the peer.
/// </summary>
public sealed class TlsEnd : RelayEnd
{
    private readonly RelayEnd _lower;
    private readonly TlsLowerStream _stream;
    private readonly SslStream _tls;

    // SslStream locks reads against writes but not against ShutdownAsync, whose SSL_shutdown then runs beside SSL_read on
    // one OpenSSL object: seen as decryption failures when both peers close at once. Held while a read runs the TLS
    // engine, but not while it waits for the socket; taken by the handshake first.
    private readonly SemaphoreSlim _engine;
    private bool _sendEnded;
    private bool _receivedEnd;

    private TlsEnd(RelayEnd lower, int maxHandshakeBytes = int.MaxValue)
        : base(lower.Socket)
    {
        _lower = lower;
        _engine = new SemaphoreSlim(0, 1);
        _stream = new TlsLowerStream(lower, _engine, maxHandshakeBytes);
        _tls = new SslStream(_stream, leaveInnerStreamOpen: true);
    }

    /// <summary>
    /// Runs the server's side of a handshake over <paramref name="lower"/>, which then belongs to the result; on failure
    /// it stays the caller's.
    /// </summary>
    /// <param name="lower">The connection.</param>
    /// <param name="options">The server's settings.</param>
    /// <param name="maxBytes">How many the peer may send before the handshake is complete.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The handshake failed.</exception>
    /// <exception cref="IOException">The peer left, or has sent too much.</exception>
    public static Task<TlsEnd> AuthenticateAsServerAsync(
        RelayEnd lower, SslServerAuthenticationOptions options, int maxBytes, CancellationToken cancellationToken) =>
        AuthenticateAsync(new TlsEnd(lower, maxBytes), tls => tls.AuthenticateAsServerAsync(options, cancellationToken));

    /// <summary>
    /// Runs the client's side of a handshake over <paramref name="lower"/>, which then belongs to the result; on failure
    /// it stays the caller's.
    /// </summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The server is not the one expected.</exception>
    /// <exception cref="IOException">The peer left.</exception>
    public static Task<TlsEnd> AuthenticateAsClientAsync(
        RelayEnd lower, SslClientAuthenticationOptions options, CancellationToken cancellationToken) =>
        AuthenticateAsync(new TlsEnd(lower), tls => tls.AuthenticateAsClientAsync(options, cancellationToken));

    /// <inheritdoc/>
    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        _tls.WriteAsync(bytes, cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask ShutdownSendAsync()
    {
        if (_sendEnded)
            return;
        _sendEnded = true;
        Task closeNotify;
        await _engine.WaitAsync();
        try
        {
            // The close_notify is made before this returns; only its sending may wait.
            closeNotify = _tls.ShutdownAsync();
        }
        finally
        {
            _engine.Release();
        }
        await closeNotify;
        await _lower.ShutdownSendAsync();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _tls.DisposeAsync();
        await base.DisposeAsync();
    }

    // A read of no bytes waits for some and takes none.
    private protected override ValueTask<int> WaitReadableCoreAsync(CancellationToken cancellationToken) =>
        _receivedEnd ? ValueTask.FromResult(0) : ReadAsync(Memory<byte>.Empty, cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private protected override async ValueTask<int> ReceiveCoreAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // Read again after the close_notify, the stream would find the FIN behind it and take that for a break.
        if (_receivedEnd)
            return 0;
        int count = await ReadAsync(buffer, cancellationToken);
        if (count > 0 || buffer.IsEmpty)
            return count;
        if (_stream.ReachedEnd)
            throw new IOException("The peer ended the TLS connection without a close_notify: it broke off.");
        _receivedEnd = true;
        return 0;
    }

    private static async Task<TlsEnd> AuthenticateAsync(TlsEnd end, Func<SslStream, Task> authenticate)
    {
        try
        {
            await authenticate(end._tls);
        }
        catch
        {
            await end._tls.DisposeAsync();
            throw;
        }
        end._stream.HandshakeIsComplete();
        OpenSslBuffers.ReleaseWhenEmpty(end._tls);
        end._tls.RemoteCertificate?.Dispose(); // It was judged during the handshake, and is some kilobytes large.
        end._engine.Release();
        return end;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await _engine.WaitAsync(cancellationToken);
        try
        {
            return await _tls.ReadAsync(buffer, cancellationToken);
        }
        finally
        {
            _engine.Release();
        }
    }
}
