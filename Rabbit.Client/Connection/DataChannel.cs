using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Status;
using Rabbit.Client.Telemetry;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Proxy;
using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>One data channel: waits for its visitor, connects to the local service, relays.</summary>
internal sealed partial class DataChannel
{
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(2);

    private static readonly byte[] AcceptedFrame = Frame.Encode(default(Accepted));

    private readonly RelayEnd _end;
    private readonly IPEndPoint _tunnelPort;

    private DataChannel(RelayEnd end, IPEndPoint tunnelPort)
    {
        _end = end;
        _tunnelPort = tunnelPort;
    }

    /// <summary>Dials the server and presents the session's secret.</summary>
    /// <exception cref="ServerUnavailableException">The server does not answer.</exception>
    /// <exception cref="TunnelFailedException">The server is not the one expected.</exception>
    public static async Task<DataChannel> OpenAsync(
        Func<CancellationToken, Task<RelayEnd>> dial, ServerHello hello, CancellationToken cancellationToken)
    {
        RelayEnd end = await dial(cancellationToken);
        try
        {
            byte[] greeting = [.. Preamble.Bytes, .. Frame.Encode(new DataHello(hello.SessionId, hello.ChannelSecret))];
            await end.SendAsync(greeting, cancellationToken);
            IPAddress server = ((IPEndPoint)end.Socket.RemoteEndPoint!).Address;
            return new DataChannel(end, new IPEndPoint(server.IsIPv4MappedToIPv6 ? server.MapToIPv4() : server, hello.TunnelPort));
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            end.Abort();
            throw new ServerUnavailableException("the connection broke");
        }
        catch
        {
            end.Abort();
            throw;
        }
    }

    /// <summary>
    /// Waits for a visitor and serves it to the end; returns why the local service refused, or null.
    /// </summary>
    /// <param name="local">The local service.</param>
    /// <param name="vanished">Breaks it off when the service or the server vanishes.</param>
    /// <param name="traffic">Counts the visitor.</param>
    /// <param name="logger">Hears of the visitor.</param>
    /// <param name="sessionEnded">Ends the wait.</param>
    /// <param name="abort">Breaks the relay off.</param>
    public async Task<Refused?> ServeAsync(
        LocalService local, VanishedPeers vanished, TunnelTraffic traffic, ILogger logger, CancellationToken sessionEnded, CancellationToken abort)
    {
        try
        {
            // Only a Start begins a visitor; a Reject, or an end, closes a channel that is no longer wanted.
            if (await _end.ReadFrameAsync(ProtocolLimits.Payload, sessionEnded) is not { Type: FrameType.Start } frame)
                return null;
            Start visitor = frame.Read<Start>();
            using Activity? span = ClientTraces.StartVisitor(visitor, local.Options);
            if (logger.IsEnabled(LogLevel.Debug))
                LogVisitorCame(logger, visitor.ChannelId, ServerText.Escape(visitor.VisitorAddress), visitor.VisitorPort);
            var (service, refused) = await local.ConnectAsync(abort);
            if (service is null)
            {
                span?.SetTag("rabbit.visitor.outcome", "refused");
                span.Fail(SnakeCase(refused.Reason), refused.Sentence);
                await _end.SendAsync(Frame.Encode(refused), abort);
                using var goodbye = new CancellationTokenSource(GoodbyeTimeout);
                await _end.LingerAsync(goodbye.Token);
                return refused;
            }
            await using (service)
            {
                if (local.Options.ProxyProtocol is { } version)
                    await service.SendAsync(HeaderOf(visitor).Encode(version), abort);
                // The server passes nothing on before it, and hears of it with the service's first words at the latest.
                await _end.SendWithNextAsync(AcceptedFrame, abort);
                var counters = new RelayCounters();
                using IDisposable watched = vanished.Watch(service, _end);
                traffic.Begin(counters);
                try
                {
                    RelayOutcome outcome = await DuplexRelay.RunAsync(service, _end, counters, abort);
                    Describe(span, outcome, counters);
                    LogVisitorLeft(logger, visitor.ChannelId, outcome);
                }
                finally
                {
                    traffic.End(counters);
                }
            }
            return null;
        }
        catch (Exception e) when (e is IOException or SocketException or ProtocolException or ObjectDisposedException)
        {
            return null; // The server has dropped the channel.
        }
        finally
        {
            await _end.DisposeAsync();
        }
    }

    // Where the visitor had connected to is the tunnel's port, at the address by which this client reaches the server.
    private ProxyHeader HeaderOf(in Start visitor) => IPAddress.TryParse(visitor.VisitorAddress, out IPAddress? address)
        ? new ProxyHeader(new IPEndPoint(address, visitor.VisitorPort), _tunnelPort)
        : default;

    private static void Describe(Activity? span, RelayOutcome outcome, RelayCounters counters)
    {
        if (span is null)
            return;
        span.SetTag("rabbit.visitor.outcome", outcome == RelayOutcome.Completed ? "closed" : "error");
        span.SetTag("rabbit.visitor.received", counters.BToA);
        span.SetTag("rabbit.visitor.transmitted", counters.AToB);
        if (outcome != RelayOutcome.Completed)
        {
            span.Fail("reset", outcome switch
            {
                RelayOutcome.ABroke => "reset by the local service",
                RelayOutcome.BBroke => "reset by the server",
                _ => "aborted by the client",
            });
        }
    }

    private static string SnakeCase(RefusedReason reason) => JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString());

    [LoggerMessage(EventIds.VisitorCame, LogLevel.Debug, "Visitor {Number} from {Address}:{Port}")]
    private static partial void LogVisitorCame(ILogger logger, ulong number, string address, int port);

    [LoggerMessage(EventIds.VisitorLeft, LogLevel.Debug, "Visitor {Number} has gone: {Outcome}")]
    private static partial void LogVisitorLeft(ILogger logger, ulong number, RelayOutcome outcome);
}
