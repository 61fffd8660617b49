using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Commands;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>The service that the tunnel leads to.</summary>
internal static partial class LocalService
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Connects to the service; a refusal says why in the protocol's terms.</summary>
    public static async Task<(RelayEnd? Service, Refused Refused)> ConnectAsync(ConnectOptions options, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(options.LocalHost, options.LocalPort, timeout.Token);
            SocketTuning.ProbeIdlePeer(socket);
            return (new SocketEnd(socket), default);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            return (null, Explain(e, options));
        }
    }

    /// <summary>Says so once when the service does not answer at the start; it may come later.</summary>
    public static async Task WarnIfAbsentAsync(ConnectOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        var (service, refused) = await ConnectAsync(options, cancellationToken);
        if (service is not null)
            await service.DisposeAsync();
        else if (!cancellationToken.IsCancellationRequested)
            LogNotReady(logger, refused.Sentence);
    }

    private static Refused Explain(Exception exception, ConnectOptions options)
    {
        string service = $"{options.LocalHost}:{options.LocalPort}";
        return exception switch
        {
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new Refused(RefusedReason.ConnectionRefused, $"{service} refuses the connection"),
            SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable } => new Refused(RefusedReason.ClientBusy, "the client has no descriptors left"),
            SocketException { SocketErrorCode: SocketError.TimedOut } or OperationCanceledException => new Refused(RefusedReason.TimedOut, $"{service} does not answer"),
            _ => new Refused(RefusedReason.Unreachable, $"{service} cannot be reached: {exception.Message}"),
        };
    }

    [LoggerMessage(EventIds.LocalServiceNotReady, LogLevel.Warning, "The local service is not there yet: {Reason}; visitors are told so until it is")]
    private static partial void LogNotReady(ILogger logger, string reason);
}
