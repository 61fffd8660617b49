using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Rabbit.Protocol.Transport;

namespace Rabbit.Tunneling.Transport;

/// <summary>An accepted connection. Its pipe exists only once it is used; <see cref="Detach"/> takes the socket out.</summary>
internal sealed class SocketConnection : ConnectionContext
{
    private readonly SocketEnd _end;
    private EndPoint? _localEndPoint;
    private CancellationTokenSource? _closed;
    private DetachableTransport? _transport;
    private FeatureCollection? _features;
    private IDictionary<object, object?>? _items;
    private string? _connectionId;
    private bool _detached;

    public SocketConnection(Socket socket)
    {
        _end = new SocketEnd(socket);
        RemoteEndPoint = socket.RemoteEndPoint;
    }

    /// <summary>What the port that accepted it belongs to.</summary>
    public object? Owner { get; set; }

    /// <inheritdoc/>
    public override string ConnectionId
    {
        get => _connectionId ??= Guid.NewGuid().ToString("N");
        set => _connectionId = value;
    }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint { get; set; }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint { get => _localEndPoint ??= _end.Socket.LocalEndPoint; set => _localEndPoint = value; }

    /// <inheritdoc/>
    public override IFeatureCollection Features => _features ??= new FeatureCollection();

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items { get => _items ??= new Dictionary<object, object?>(); set => _items = value; }

    /// <inheritdoc/>
    public override IDuplexPipe Transport
    {
        get => _transport ??= new DetachableTransport(_end);
        set => throw new NotSupportedException("Detach the connection to put something else on its socket.");
    }

    /// <summary>
    /// Fires when the connection is aborted or disposed. Nothing may end a relay on it: a peer's FIN is not its end.
    /// </summary>
    public override CancellationToken ConnectionClosed
    {
        get => (_closed ??= new CancellationTokenSource()).Token;
        set => throw new NotSupportedException();
    }

    /// <summary>Takes the socket out, with all bytes read so far; this object then no longer closes it.</summary>
    public RelayEnd Detach()
    {
        ObjectDisposedException.ThrowIf(_detached, this);
        _detached = true;
        return _transport?.Detach() ?? _end;
    }

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (!_detached)
            _end.Abort();
        _closed?.Cancel();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (!_detached)
            await _end.DisposeAsync();
        if (_closed is not null)
            await _closed.CancelAsync();
        await base.DisposeAsync();
    }
}
