using System.Net;
using System.Net.Sockets;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>One data channel: waits for its visitor, connects to the local service, relays.</summary>
internal sealed class DataChannel
{
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(2);

    private readonly RelayEnd _end;

    private DataChannel(RelayEnd end) => _end = end;

    /// <summary>Dials the server and presents the session's secret.</summary>
    /// <exception cref="ServerUnavailableException">The server does not answer.</exception>
    /// <exception cref="TunnelFailedException">The server is not the one expected.</exception>
    public static async Task<DataChannel> OpenAsync(
        ServerDialer dialer, IPEndPoint server, ServerHello hello, CancellationToken cancellationToken)
    {
        RelayEnd end = await dialer.DialAsync(server, cancellationToken);
        try
        {
            byte[] greeting = [.. Preamble.Bytes, .. Frame.Encode(new DataHello(hello.SessionId, hello.ChannelSecret))];
            await end.SendAsync(greeting, cancellationToken);
            return new DataChannel(end);
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
    /// <param name="sessionEnded">Ends the wait.</param>
    /// <param name="abort">Breaks the relay off.</param>
    public async Task<Refused?> ServeAsync(LocalService local, CancellationToken sessionEnded, CancellationToken abort)
    {
        try
        {
            // Only a Start begins a visitor; a Reject, or an end, closes a channel that is no longer wanted.
            if (await _end.ReadFrameAsync(ProtocolLimits.Payload, sessionEnded) is not { Type: FrameType.Start })
                return null;
            var (service, refused) = await local.ConnectAsync(abort);
            if (service is null)
            {
                await _end.SendAsync(Frame.Encode(refused), abort);
                using var goodbye = new CancellationTokenSource(GoodbyeTimeout);
                await _end.LingerAsync(goodbye.Token);
                return refused;
            }
            await using (service)
            {
                await _end.SendAsync(Frame.Encode(default(Accepted)), abort);
                await DuplexRelay.RunAsync(service, _end, new RelayCounters(), abort);
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
}
