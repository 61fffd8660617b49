using System.Buffers;
using System.Net.Sockets;
using System.Reflection;
using Rabbit.Client.Commands;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>Logs in on a control channel.</summary>
internal sealed class Login(ConnectOptions options, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private static readonly string Software =
        $"tunnel-client/{typeof(Login).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]}";

    /// <summary>The session before this one; its id and epoch tell the server that it is the same client.</summary>
    public ServerHello Last { get; private set; }

    /// <summary>Sends the hello and reads the answer.</summary>
    /// <param name="transport">A fresh connection to the control port.</param>
    /// <param name="yield">True not to supersede another client.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ServerUnavailableException">The server did not answer, rejected for now, or is no Rabbit server.</exception>
    /// <exception cref="TunnelFailedException">The server rejected for good.</exception>
    public async Task<ServerHello> RunAsync(DetachableTransport transport, bool yield, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            transport.Output.Write(Preamble.Bytes);
            transport.Output.Write(Frame.Encode(new ClientHello(
                Minor: 0, Software, options.Token.Reveal(), options.Name, (ushort)options.LocalPort, Last.SessionId, Last.Epoch, yield)));
            await transport.Output.FlushAsync(either.Token);
            Frame answer = await transport.Input.ReadFrameAsync(ProtocolLimits.Payload, either.Token)
                ?? throw new ServerUnavailableException("the server closed the connection without an answer");
            if (answer.Type == FrameType.Reject)
                throw Explain(answer.Read<Reject>());
            Last = answer.Read<ServerHello>();
            return Last;
        }
        catch (ProtocolException)
        {
            throw new ServerUnavailableException($"What answers at {options.Host}:{options.Port} is not a Rabbit server; give the control port (9999 by default), not the API's or a tunnel's.", isStranger: true);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ServerUnavailableException(e is OperationCanceledException ? $"{options.Host}:{options.Port} does not answer the login; see that it is the control port (9999 by default)" : "the connection broke during the login");
        }
    }

    private static Exception Explain(Reject reject) => reject.Retryable
        ? new ServerUnavailableException(reject.Sentence, reject.RetryAfter, yield: reject.Code == RejectCode.Occupied)
        : new TunnelFailedException(reject.Sentence);
}
