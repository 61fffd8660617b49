using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Rabbit.Tunneling.Transport;

/// <summary>
/// The one acceptor of a bound port: runs every connection through the pipeline, and owns their tasks. A connection is begun
/// on the thread that accepted it, without a hop to the thread pool, so a pipeline must not block before its first await.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "StopAsync frees it.")]
internal sealed partial class ConnectionAcceptor
{
    private readonly IConnectionListener _listener;
    private readonly ConnectionDelegate _pipeline;
    private readonly ConnectionTracker _connections;
    private readonly ILogger _logger;
    private CancellationTokenSource _pausing = new();
    private Task _accepting;

    /// <param name="listener">Bound; the acceptor's from now on.</param>
    /// <param name="pipeline">Serves a connection to its end.</param>
    /// <param name="connections">Counts the connections, also after the acceptor has stopped.</param>
    /// <param name="begin">Completes when it may accept; until then connections wait in the kernel's queue.</param>
    /// <param name="logger">Told of connections that failed by a fault of our own.</param>
    public ConnectionAcceptor(IConnectionListener listener, ConnectionDelegate pipeline, ConnectionTracker connections, Task begin, ILogger logger)
    {
        _listener = listener;
        _pipeline = pipeline;
        _connections = connections;
        _logger = logger;
        _accepting = AcceptAsync(begin, _pausing.Token);
    }

    /// <summary>Accepts no more when the task completes, and goes on listening: who connects waits in the kernel's queue.</summary>
    public async Task PauseAsync()
    {
        await _pausing.CancelAsync();
        await _accepting;
    }

    /// <summary>Accepts again.</summary>
    public void Resume()
    {
        _pausing.Dispose();
        _pausing = new CancellationTokenSource();
        _accepting = AcceptAsync(Task.CompletedTask, _pausing.Token);
    }

    /// <summary>Stops listening; when the task completes the port is free. Connections go on.</summary>
    public async Task StopAsync()
    {
        await PauseAsync();
        await _listener.DisposeAsync();
        _pausing.Dispose();
    }

    private async Task AcceptAsync(Task begin, CancellationToken pausing)
    {
        try
        {
            await begin.WaitAsync(pausing);
            while (await _listener.AcceptAsync(pausing) is { } connection)
                _connections.Track(ServeAsync(connection));
        }
        catch (OperationCanceledException) when (pausing.IsCancellationRequested)
        {
            // Told to accept no more.
        }
    }

    private async Task ServeAsync(ConnectionContext connection)
    {
        try
        {
            await _pipeline(connection);
        }
        catch (Exception e)
        {
            LogConnectionFailed(e, _listener.EndPoint);
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }

    [LoggerMessage(EventIds.ConnectionFailed, LogLevel.Error, "Serving a connection on {EndPoint} failed")]
    private partial void LogConnectionFailed(Exception exception, System.Net.EndPoint endPoint);
}
