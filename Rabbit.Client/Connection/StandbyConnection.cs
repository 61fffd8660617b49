using System.Buffers;
using System.Net.Sockets;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>
/// A connection to a second node, authenticated and idle, on which this client logs in when it loses the first (docs/protocol.md,
/// "Standby").
/// </summary>
internal sealed class StandbyConnection : IAsyncDisposable
{
    private readonly StandbyAccepted _accepted;
    private readonly TimeProvider _time;
    private ulong _number;

    private StandbyConnection(ServerPlace place, DetachableTransport transport, StandbyAccepted accepted, TimeProvider time)
    {
        Place = place;
        Transport = transport;
        _accepted = accepted;
        _time = time;
    }

    /// <summary>Where it leads.</summary>
    public ServerPlace Place { get; }

    /// <summary>Its frames, to log in by when <see cref="ServeAsync"/> has ended.</summary>
    public DetachableTransport Transport { get; }

    /// <summary>Connects and authenticates.</summary>
    /// <exception cref="ServerUnavailableException">The node does not answer, or does not want it now.</exception>
    /// <exception cref="TunnelFailedException">The token is not valid there.</exception>
    public static async Task<StandbyConnection> OpenAsync(ServerPlace place, TimeProvider time, CancellationToken cancellationToken)
    {
        var transport = new DetachableTransport(await place.DialAsync(cancellationToken));
        try
        {
            StandbyAccepted accepted = await new Login(time).ParkAsync(transport, place, cancellationToken);
            SocketTuning.DetectDeadPeer(transport.End.Socket, accepted.DeadAfter);
            return new StandbyConnection(place, transport, accepted, time);
        }
        catch
        {
            await transport.End.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Keeps it up with heartbeats. Returns why it was lost, or, when <paramref name="cancellationToken"/> asked for the end, null: it can be
    /// logged in by then.
    /// </summary>
    public async Task<string?> ServeAsync(CancellationToken cancellationToken)
    {
        using var silent = new CancellationTokenSource();
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(silent.Token, cancellationToken);
        await using var silence = new SilenceWatch(_accepted.Heartbeat, _accepted.DeadAfter, silent.Cancel, _time);
        Task pinging = PingAsync(reading.Token);
        try
        {
            return await ReadAsync(silence, reading.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            Transport.End.Abort();
            return $"nothing heard for {_accepted.DeadAfter.TotalSeconds:0} s";
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            return "the connection broke";
        }
        catch (ProtocolException e)
        {
            return $"the server broke the protocol: {e.Message}";
        }
        finally
        {
            await reading.CancelAsync();
            await pinging;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Transport.End.DisposeAsync();

    private async Task<string> ReadAsync(SilenceWatch silence, CancellationToken cancellationToken)
    {
        while (await Transport.Input.ReadFrameAsync(ProtocolLimits.Payload, cancellationToken) is { } frame)
        {
            silence.Heard();
            switch (frame.Type)
            {
                case FrameType.Pong:
                    break;
                case FrameType.GoAway:
                    return ServerText.Escape(frame.Read<GoAway>().Sentence);
                default:
                    if (Enum.IsDefined(frame.Type))
                        throw new ProtocolException($"a {frame.Type} frame on a standby connection.");
                    break; // From a newer server.
            }
        }
        return "the server closed the connection";
    }

    // A heartbeat under way is never cut off: the login follows it on the same connection.
    private async Task PingAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_accepted.Heartbeat, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                Transport.Output.Write(Frame.Encode(new Ping(++_number)));
                await Transport.Output.FlushAsync(CancellationToken.None);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // Told to end; or the reader of the same connection reports how it broke.
        }
    }
}
