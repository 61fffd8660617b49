using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Sockets;
using Rabbit.Client.Commands;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>Logs in on a control channel.</summary>
internal sealed class Login(TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromHours(1);
    private static readonly string Software = $"tunnel-client/{ClientVersion.Text}";

    /// <summary>The session before this one, by which the server knows the same client again.</summary>
    public ServerHello Last { get; private set; }

    /// <summary>Sends the hello and reads the answer.</summary>
    /// <param name="transport">A fresh connection to the control port, or a standby one.</param>
    /// <param name="place">Where it leads.</param>
    /// <param name="isStandby">True for a standby connection, on which the preamble was sent.</param>
    /// <param name="yield">True not to supersede another client.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ServerUnavailableException">The server did not answer, rejected for now, or is no Rabbit server.</exception>
    /// <exception cref="TunnelFailedException">The server rejected for good.</exception>
    public async Task<ServerHello> RunAsync(
        DetachableTransport transport, ServerPlace place, bool isStandby, bool yield, CancellationToken cancellationToken)
    {
        ConnectOptions options = place.Options;
        byte[] hello = Frame.Encode(new ClientHello(
            Minor: 0, Software, options.Token.Reveal(), options.Name, (ushort)options.Local.DisplayPort, Last.SessionId, Last.Epoch, yield,
            TraceContext.Of(Activity.Current), options.NoDirect ? ClientAbilities.None : ClientAbilities.ChannelsElsewhere));
        Last = await AskAsync<ServerHello>(
            transport, place, isStandby ? hello : [.. Preamble.Bytes, .. hello], answer => MakeSense(answer.Heartbeat, answer.DeadAfter), cancellationToken);
        return Last;
    }

    /// <summary>Sends a <see cref="Standby"/> and reads the answer; otherwise as <see cref="RunAsync"/>.</summary>
    public Task<StandbyAccepted> ParkAsync(DetachableTransport transport, ServerPlace place, CancellationToken cancellationToken)
    {
        byte[] standby = Frame.Encode(new Standby(Minor: 0, Software, place.Options.Token.Reveal(), place.Options.Name));
        return AskAsync<StandbyAccepted>(
            transport, place, [.. Preamble.Bytes, .. standby], answer => MakeSense(answer.Heartbeat, answer.DeadAfter), cancellationToken);
    }

    private async Task<T> AskAsync<T>(
        DetachableTransport transport, ServerPlace place, byte[] question, Func<T, bool> makesSense, CancellationToken cancellationToken)
        where T : struct, IMessage<T>
    {
        ConnectOptions options = place.Options;
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        byte[] first = [];
        try
        {
            transport.Output.Write(question);
            await transport.Output.FlushAsync(either.Token);
            first = await PeekAsync(transport.Input, either.Token);
            Frame answer = await ReadAsync(transport.Input, either.Token)
                ?? throw new ServerUnavailableException($"{options.Host}:{options.Port} closed the connection without an answer; see that it is the control port");
            if (answer.Type == FrameType.Reject)
                throw Explain(answer.Read<Reject>());
            if (answer.Type == FrameType.GoAway) // Sent to a standby connection before it has read the hello.
                throw new ServerUnavailableException(ServerText.Escape(answer.Read<GoAway>().Sentence));
            T message = answer.Read<T>();
            return makesSense(message) ? message : throw new ProtocolException("The heartbeat's times make no sense.");
        }
        catch (ProtocolException)
        {
            throw Stranger.At(options.Host, options.Port, first);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // Who has proved under TLS to be the server, or may have, is taken to hang; in plaintext silence is all there is.
            throw options.Plaintext
                ? Stranger.At(options.Host, options.Port, first)
                : new ServerUnavailableException($"{options.Host}:{options.Port} does not answer the login; see that it is the control port");
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new ServerUnavailableException($"{options.Host}:{options.Port} broke the connection off during the login; see that it is the control port");
        }
    }

    // On a standby connection the answer to the last heartbeat may come first.
    private static async Task<Frame?> ReadAsync(PipeReader input, CancellationToken cancellationToken)
    {
        while (true)
        {
            Frame? frame = await input.ReadFrameAsync(ProtocolLimits.Payload, cancellationToken);
            if (frame is not { Type: FrameType.Pong })
                return frame;
        }
    }

    /// <summary>The first bytes of the answer, left where they are.</summary>
    private static async Task<byte[]> PeekAsync(PipeReader input, CancellationToken cancellationToken)
    {
        ReadResult result = await input.ReadAtLeastAsync(Frame.HeaderLength, cancellationToken);
        byte[] first = result.Buffer.Slice(0, Math.Min(Stranger.Length, result.Buffer.Length)).ToArray();
        input.AdvanceTo(result.Buffer.Start);
        return first;
    }

    private static bool MakeSense(TimeSpan heartbeat, TimeSpan deadAfter) =>
        heartbeat > TimeSpan.Zero && heartbeat <= LongestHeartbeat && deadAfter >= heartbeat;

    private static Exception Explain(Reject reject) => reject.Retryable
        ? new ServerUnavailableException(ServerText.Escape(reject.Sentence), reject.RetryAfter, yield: reject.Code == RejectCode.Occupied) { HasAnswered = true }
        : new TunnelFailedException(ServerText.Escape(reject.Sentence));
}
