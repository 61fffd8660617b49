using System.Net.Security;

namespace Rabbit.Protocol.Transport;

/// <summary>
/// A relay's end under TLS. The end of one direction is its close_notify (RFC 8446 section 6.1); a FIN without one is a
/// break. Disposing it without <see cref="ShutdownSendAsync"/> is therefore a break to the peer.
/// </summary>
public sealed class TlsEnd : RelayEnd
{
    private readonly RelayEnd _lower;
    private readonly RelayEndStream _stream;
    private readonly SslStream _tls;
    private bool _sendEnded;
    private bool _receivedEnd;

    private TlsEnd(RelayEnd lower, RelayEndStream stream, SslStream tls)
        : base(lower.Socket)
    {
        _lower = lower;
        _stream = stream;
        _tls = tls;
    }

    /// <summary>Runs the server's side of a handshake over <paramref name="lower"/>, which then belongs to the result; on failure it stays the caller's.</summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The handshake failed.</exception>
    /// <exception cref="IOException">The peer left.</exception>
    public static async Task<TlsEnd> AuthenticateAsServerAsync(
        RelayEnd lower, SslServerAuthenticationOptions options, CancellationToken cancellationToken)
    {
        var (stream, tls) = Wrap(lower);
        try
        {
            await tls.AuthenticateAsServerAsync(options, cancellationToken);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
        return new TlsEnd(lower, stream, tls);
    }

    /// <summary>Runs the client's side of a handshake over <paramref name="lower"/>, which then belongs to the result; on failure it stays the caller's.</summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The server is not the one expected.</exception>
    /// <exception cref="IOException">The peer left.</exception>
    public static async Task<TlsEnd> AuthenticateAsClientAsync(
        RelayEnd lower, SslClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        var (stream, tls) = Wrap(lower);
        try
        {
            await tls.AuthenticateAsClientAsync(options, cancellationToken);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
        return new TlsEnd(lower, stream, tls);
    }

    /// <inheritdoc/>
    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        _tls.WriteAsync(bytes, cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask ShutdownSendAsync()
    {
        if (_sendEnded)
            return;
        _sendEnded = true;
        await _tls.ShutdownAsync();
        await _lower.ShutdownSendAsync();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _tls.DisposeAsync();
        await base.DisposeAsync();
    }

    private protected override async ValueTask WaitReadableCoreAsync(CancellationToken cancellationToken)
    {
        if (_receivedEnd)
            return;
#pragma warning disable CA2022 // A zero-byte read waits for data and takes none.
        await _tls.ReadAsync(Memory<byte>.Empty, cancellationToken);
#pragma warning restore CA2022
    }

    private protected override async ValueTask<int> ReceiveCoreAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // Read again after the close_notify, the stream would find the FIN behind it and take that for a break.
        if (_receivedEnd)
            return 0;
        int count = await _tls.ReadAsync(buffer, cancellationToken);
        if (count > 0 || buffer.IsEmpty)
            return count;
        if (_stream.ReachedEnd)
            throw new IOException("The peer ended the TLS connection without a close_notify: it broke off.");
        _receivedEnd = true;
        return 0;
    }

    private static (RelayEndStream Stream, SslStream Tls) Wrap(RelayEnd lower)
    {
        var stream = new RelayEndStream(lower);
        return (stream, new SslStream(stream, leaveInnerStreamOpen: true));
    }
}
