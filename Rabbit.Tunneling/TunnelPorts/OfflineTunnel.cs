using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;
using Rabbit.Protocol;
using Rabbit.Protocol.Tls;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>
/// Serves connections on a port whose client is away: a connection that authenticates becomes the client, everybody else is
/// told, in its own protocol, that the client is away.
/// </summary>
internal sealed class OfflineTunnel(
    ClientLogin login, ServerTls tls, ServerNetworks networks, DescriptorBudget descriptors, AbortSignal abortEverything, IOptions<TunnelingOptions> options,
    TimeProvider time)
{
    // While a visitor waits, this much of what it says is looked at to notice that it has gone; the rest stays in the kernel.
    private const int HeldBytes = 16 * 1024;

    private static readonly TimeSpan LingerTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PatienceWithSilence = TimeSpan.FromMilliseconds(250);

    /// <summary>Handles the connection to its end; false when a client came back first and can serve it.</summary>
    public async Task<bool> TryAnswerAsync(Visitor visitor)
    {
        visitor.Session = null;
        CancellationToken live = visitor.Tunnel.BecameLive;
        if (live.IsCancellationRequested)
            return false;

        OfflineContext context = Context(visitor, OfflineReason.ClientAway);
        using var late = new CancellationTokenSource(options.Value.OfflineDetectTimeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(live, abortEverything.Token, late.Token);
        try
        {
            TimeSpan hold = visitor.Tunnel.Hold;
            VisitorProtocol protocol = OfflineReply.AtConnect(context).IsEmpty
                ? await SniffAsync(visitor.Incoming, context, answers: hold == TimeSpan.Zero, deadline.Token)
                : VisitorProtocol.Unknown;
            if (live.IsCancellationRequested)
                return false;
            if (protocol is VisitorProtocol.NativeClient or VisitorProtocol.LegacyClient)
            {
                await LogInAsync(visitor.Incoming, protocol);
                return true;
            }
            // Not before it is known to be a visitor: the client is welcome whatever the rules for visitors are.
            if (await RefuseUnlessAdmittedAsync(visitor))
                return true;
            if (hold > TimeSpan.Zero)
            {
                if (!visitor.Tunnel.Port.Visitors.TryPark(options.Value.PendingVisitors))
                {
                    await AnswerAsync(visitor, OfflineReason.TooManyVisitors, PatienceWithSilence, ConnectionStatus.Refused, "too many wait for the client");
                    return true;
                }
                try
                {
                    if (await HoldAsync(visitor.Incoming.Transport.Input, hold, live, visitor.Tunnel.Port.Stopped))
                        return false;
                }
                finally
                {
                    visitor.Tunnel.Port.Visitors.Unpark();
                }
                await AnswerAsync(visitor, OfflineReason.ClientAway, PatienceWithSilence, ConnectionStatus.Refused, "client away, also at the end of the hold");
                return true;
            }
            await ReplyAsync(visitor, OfflineReply.For(protocol, context), ConnectionStatus.Refused, "client away");
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException
            || (e is ObjectDisposedException && visitor.IsExpelled))
        {
            visitor.Record(ConnectionStatus.Error, "left before it could be answered");
        }
        return true;
    }

    /// <summary>Turns a visitor away whom the server's or the token's rules do not let in; false when they do.</summary>
    public async Task<bool> RefuseUnlessAdmittedAsync(Visitor visitor)
    {
        Admission admission = networks.AllowVisitor(visitor.Incoming.Remote.Address)
            ? visitor.Tunnel.Port.Visitors.Enter(visitor, visitor.Tunnel.Token.Rules) : Admission.NotAllowed;
        switch (admission)
        {
            case Admission.NotAllowed:
                // Without a word: who may not even come is told nothing about what is here.
                visitor.Record(ConnectionStatus.Refused, "network not allowed");
                return true;
            case Admission.TooMany:
                await AnswerAsync(visitor, OfflineReason.TooManyVisitors, PatienceWithSilence, ConnectionStatus.Refused, "too many visitors");
                return true;
            default:
                if (!descriptors.RefusesVisitor(visitor.Incoming))
                    return false;
                await AnswerAsync(visitor, OfflineReason.TooManyVisitors, PatienceWithSilence, ConnectionStatus.Refused, "too few descriptors left");
                return true;
        }
    }

    /// <summary>Tells a visitor why its live tunnel cannot serve it, waiting for its first words no longer than the patience.</summary>
    public async Task AnswerAsync(Visitor visitor, OfflineReason reason, TimeSpan patience, ConnectionStatus status, string logged)
    {
        OfflineContext context = Context(visitor, reason);
        try
        {
            using var deadline = new CancellationTokenSource(patience, time);
            VisitorProtocol protocol = OfflineReply.AtConnect(context).IsEmpty
                ? await SniffAsync(visitor.Incoming, context, answers: true, deadline.Token)
                : VisitorProtocol.Unknown;
            await ReplyAsync(visitor, OfflineReply.For(protocol, context), status, logged);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException || (e is ObjectDisposedException && visitor.IsExpelled))
        {
            visitor.Record(status, logged);
        }
    }

    /// <summary>
    /// Finds out what the peer speaks, leaving its bytes in the pipe; answers PostgreSQL's requests for encryption on the way, if it
    /// may: they are the service's to answer as long as the client may come.
    /// Undecided when it said too little before the token was cancelled or it ended.
    /// </summary>
    private static async Task<VisitorProtocol> SniffAsync(
        IncomingConnection incoming, OfflineContext context, bool answers, CancellationToken cancellationToken)
    {
        PipeReader input = incoming.Transport.Input;
        while (true)
        {
            ReadResult result;
            try
            {
                result = await input.ReadAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return VisitorProtocol.Undecided;
            }
            ReadOnlySequence<byte> buffer = result.Buffer;
            VisitorProtocol protocol = VisitorSniffer.Sniff(buffer);
            if (protocol == VisitorProtocol.Tls)
            {
                // A client that comes back under TLS offers our protocol by name; a visitor does not.
                bool? isClient = ClientHelloSniffer.Offers(buffer, Preamble.AlpnName);
                protocol = isClient is null ? VisitorProtocol.Undecided : isClient.Value ? VisitorProtocol.NativeClient : protocol;
            }
            switch (protocol)
            {
                case VisitorProtocol.Undecided when result.IsCompleted:
                    input.AdvanceTo(buffer.Start);
                    return protocol;
                case VisitorProtocol.Undecided:
                    input.AdvanceTo(buffer.Start, buffer.End);
                    break;
                case VisitorProtocol.PostgresSslRequest or VisitorProtocol.PostgresGssRequest when answers:
                    input.AdvanceTo(buffer.GetPosition(VisitorSniffer.PostgresRequestLength));
                    await incoming.Transport.End.SendAsync(OfflineReply.For(protocol, context), cancellationToken);
                    break;
                default:
                    input.AdvanceTo(buffer.Start);
                    return protocol;
            }
        }
    }

    /// <summary>Waits for the client, unless the server stops; true when it has come. Nothing that the visitor says is consumed.</summary>
    /// <exception cref="IOException">The visitor has gone.</exception>
    private async Task<bool> HoldAsync(PipeReader input, TimeSpan hold, CancellationToken live, CancellationToken stopped)
    {
        using var over = new CancellationTokenSource(hold, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(live, stopped, over.Token);
        try
        {
            while (true)
            {
                ReadResult result = await input.ReadAsync(end.Token);
                bool isAll = result.IsCompleted || result.Buffer.Length >= HeldBytes;
                input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                if (isAll)
                    await Task.Delay(Timeout.InfiniteTimeSpan, time, end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return live.IsCancellationRequested;
        }
    }

    private async Task LogInAsync(IncomingConnection incoming, VisitorProtocol protocol)
    {
        if (!networks.AllowClient(incoming.Remote.Address))
            return;
        TunnelSession? session;
        using (var deadline = new CancellationTokenSource(options.Value.OfflineDetectTimeout, time))
        {
            if (protocol == VisitorProtocol.LegacyClient)
            {
                session = await login.AcceptLegacyAsync(incoming, incoming.LocalPort, deadline.Token);
            }
            else
            {
                if (await ControlProtocolDetector.DetectAsync(incoming.Transport.Input, deadline.Token) == ControlProtocol.Tls)
                    await incoming.SecureAsync(tls, deadline.Token);
                session = await login.AcceptNativeAsync(incoming, incoming.LocalPort, deadline.Token);
            }
        }
        if (session is not null)
            await login.ServeAsync(session, incoming);
    }

    private async Task ReplyAsync(Visitor visitor, ReadOnlyMemory<byte> reply, ConnectionStatus status, string logged)
    {
        // Written down first: the answer may be the last thing that this connection hears of us.
        visitor.BytesAnswered = reply.Length;
        visitor.Record(status, logged);
        using var deadline = new CancellationTokenSource(LingerTimeout, time);
        await visitor.Incoming.AnswerAsync(reply, deadline.Token);
    }

    private static OfflineContext Context(Visitor visitor, OfflineReason reason) =>
        new(visitor.Tunnel.Port.Number, reason, visitor.Tunnel.Token.Kind);
}
