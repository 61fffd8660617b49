using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>
/// A client whose session is with another node, and which has authenticated here too, to log in on this connection at once when it loses
/// that one (docs/protocol.md, "Standby"). It has no session and no tunnel here.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing to free, and whoever ends it may still look at it.")]
internal sealed class StandbyClient
{
    private const int Probes = 3;
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(1);

    private readonly IncomingConnection _incoming;
    private readonly TunnelingOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _sentAway = new();
    private readonly Lock _lock = new();
    private GoAway _goodbye;

    internal StandbyClient(TokenRecord token, IncomingConnection incoming, TunnelingOptions options, TimeProvider time)
    {
        Token = token;
        _incoming = incoming;
        _options = options;
        _time = time;
    }

    /// <summary>The token that it has shown, as it was then.</summary>
    public TokenRecord Token { get; }

    /// <summary>Tells it why, and closes the connection; returns at once. Any thread may call.</summary>
    public void End(in GoAway goodbye)
    {
        // Whoever is first has said why.
        lock (_lock)
        {
            if (_sentAway.IsCancellationRequested)
                return;
            _goodbye = goodbye;
            _ = _sentAway.CancelAsync();
        }
    }

    /// <summary>
    /// Answers its heartbeats until it logs in: that frame, to be answered by whoever asked. Null when it has left, has fallen silent, or was sent away.
    /// </summary>
    public async Task<Frame?> WaitAsync()
    {
        SocketTuning.DetectDeadPeer(_incoming.Transport.End.Socket, _options.DeadAfter, Probes);
        using var silent = new CancellationTokenSource();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(silent.Token, _sentAway.Token);
        await using var silence = new SilenceWatch(_options.HeartbeatInterval, _options.DeadAfter, silent.Cancel, _time);
        try
        {
            await SayAsync(Frame.Encode(new StandbyAccepted(_options.HeartbeatInterval, _options.DeadAfter)));
            return await ReadAsync(silence, end.Token);
        }
        catch (OperationCanceledException) when (_sentAway.IsCancellationRequested)
        {
            await SayGoodbyeAsync(_goodbye);
        }
        catch (OperationCanceledException)
        {
            _incoming.Transport.End.Abort();
        }
        catch (ProtocolException)
        {
            await SayGoodbyeAsync(Goodbyes.ProtocolBroken);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // It has left.
        }
        return null;
    }

    private async Task<Frame?> ReadAsync(SilenceWatch silence, CancellationToken cancellationToken)
    {
        while (await _incoming.Transport.Input.ReadFrameAsync(ProtocolLimits.Payload, cancellationToken) is { } frame)
        {
            silence.Heard();
            switch (frame.Type)
            {
                case FrameType.Ping:
                    await SayAsync(Frame.Encode(new Pong(frame.Read<Ping>().Number)));
                    break;
                case FrameType.ClientHello:
                    return frame;
                case FrameType.Disconnect:
                    return null;
                default:
                    if (Enum.IsDefined(frame.Type))
                        throw new ProtocolException($"A {frame.Type} frame on a standby connection.");
                    break; // From a newer client.
            }
        }
        return null;
    }

    // Not cut off in the middle: what follows on this connection would be lost with it. A peer that does not read is given up by the kernel.
    private async Task SayAsync(byte[] frame)
    {
        _incoming.Transport.Output.Write(frame);
        await _incoming.Transport.Output.FlushAsync(CancellationToken.None);
    }

    private async Task SayGoodbyeAsync(GoAway goodbye)
    {
        using var timeout = new CancellationTokenSource(GoodbyeTimeout, _time);
        try
        {
            await _incoming.AnswerAsync(Frame.Encode(goodbye), timeout.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // It has left already.
        }
    }
}
