using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Rabbit.Client.Connection;
using Rabbit.Protocol;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;

namespace Rabbit.Benchmarks.Herd;

/// <summary>
/// One client of a herd: logs in over TLS, answers heartbeats, opens data channels, and comes back with the waits of tunnel-client.
/// There are no visitors, so that it needs no local service.
/// </summary>
internal sealed class HerdClient(HerdOptions options, HerdServer server, TokenText token, IPAddress from, int number, HerdCensus census)
{
    // As tunnel-client has it for connecting and for the login, each.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly List<RelayEnd> _channels = [];
    private ServerHello _last;
    private SemaphoreSlim? _gathering;

    /// <summary>Runs until it is cancelled.</summary>
    /// <param name="gathering">Holds places for those that are about to come for the first time.</param>
    /// <param name="cancellationToken">The end.</param>
    public async Task RunAsync(SemaphoreSlim gathering, CancellationToken cancellationToken)
    {
        var backoff = new ReconnectBackoff(TimeProvider.System, new Random(options.Seed + number));
        try
        {
            await gathering.WaitAsync(cancellationToken);
            _gathering = gathering;
            while (true)
            {
                bool isSentAway = false;
                TimeSpan atLeast = TimeSpan.Zero;
                try
                {
                    (isSentAway, atLeast) = await ServeAsync(backoff, cancellationToken);
                }
                catch (Exception e) when (e is SocketException or IOException or AuthenticationException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
                {
                    census.HasFailed(e is SocketException socket ? socket.SocketErrorCode.ToString() : e.GetType().Name);
                }
                await Task.Delay(isSentAway ? backoff.AtOnce() : backoff.Next(atLeast), cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }

    private async Task<(bool IsSentAway, TimeSpan RetryAfter)> ServeAsync(ReconnectBackoff backoff, CancellationToken cancellationToken)
    {
        long started = TimeProvider.System.GetTimestamp();
        RelayEnd end = await DialAsync(cancellationToken);
        var transport = new DetachableTransport(end);
        bool isUp = false;
        try
        {
            using (var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
            {
                deadline.CancelAfter(Timeout);
                byte[] hello = [.. Preamble.Bytes, .. Frame.Encode(new ClientHello(
                    Minor: 0, "herd/1", token.Reveal(), "herd", 1, _last.SessionId, _last.Epoch, Yield: false))];
                await end.SendAsync(hello, deadline.Token);
                Frame answer = await transport.Input.ReadFrameAsync(ProtocolLimits.Payload, deadline.Token) ?? throw new IOException("closed during the login");
                if (answer.Type == FrameType.Reject)
                {
                    Reject reject = answer.Read<Reject>();
                    census.HasFailed($"{reject.Code}");
                    return (false, reject.RetryAfter);
                }
                _last = answer.Read<ServerHello>();
            }
            backoff.Connected();
            isUp = true;
            census.IsUp(TimeProvider.System.GetElapsedTime(started));
            _gathering?.Release();
            _gathering = null;
            await OpenChannelsAsync(options.Channels, cancellationToken);
            return await AnswerAsync(transport, cancellationToken);
        }
        catch (Exception e) when (isUp && e is SocketException or IOException)
        {
            return default; // The server is gone.
        }
        finally
        {
            if (isUp)
                census.IsDown();
            _channels.ForEach(channel => channel.Abort());
            _channels.Clear();
            await end.DisposeAsync();
        }
    }

    private static async Task<(bool IsSentAway, TimeSpan RetryAfter)> AnswerAsync(DetachableTransport transport, CancellationToken cancellationToken)
    {
        while (await transport.Input.ReadFrameAsync(ProtocolLimits.Payload, cancellationToken) is { } frame)
        {
            switch (frame.Type)
            {
                case FrameType.Ping:
                    byte[] beat = [.. Frame.Encode(new Pong(frame.Read<Ping>().Number)), .. Frame.Encode(new Ping(1))];
                    await transport.End.SendAsync(beat, cancellationToken);
                    break;
                case FrameType.GoAway:
                    GoAway goAway = frame.Read<GoAway>();
                    return (goAway.RetryAfter == TimeSpan.Zero, goAway.RetryAfter);
            }
        }
        return default;
    }

    private async Task OpenChannelsAsync(int count, CancellationToken cancellationToken)
    {
        for (; count > 0; count--)
        {
            RelayEnd channel = await DialAsync(cancellationToken);
            _channels.Add(channel);
            byte[] hello = [.. Preamble.Bytes, .. Frame.Encode(new DataHello(_last.SessionId, _last.ChannelSecret))];
            await channel.SendAsync(hello, cancellationToken);
        }
    }

    private async Task<RelayEnd> DialAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Timeout);
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var end = new SocketEnd(socket);
        try
        {
            socket.Bind(new IPEndPoint(from, 0));
            await socket.ConnectAsync(server.ControlPort, deadline.Token);
            return await TlsEnd.AuthenticateAsClientAsync(end, new SslClientAuthenticationOptions
            {
                TargetHost = "herd",
                ApplicationProtocols = [new SslApplicationProtocol(Preamble.AlpnName)],
                // Each client is a program of its own, and a new server knows no session of the old: none has anything to resume.
                AllowTlsResume = false,
#pragma warning disable CA5359 // The server is the one that this program has started.
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
            }, deadline.Token);
        }
        catch
        {
            end.Abort();
            throw;
        }
    }
}
