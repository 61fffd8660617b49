using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Protocol;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Legacy;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.Authentication;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.Restoration;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>
/// Turns an incoming connection into a session or a data channel, on the control port and on a restored tunnel port alike.
/// Nothing that a peer sends before it has authenticated changes any state.
/// </summary>
internal sealed partial class ClientLogin(
    TokenAuthenticator authenticator, TunnelRegistry registry, ITunnelDirectory directory, KnownAddresses known, LoginPenalties penalties,
    StandbyClients standbys, ClientNodes nodes, LegacyChannels legacyChannels,
    RestoredTunnels restoredTunnels, ServerTls tls, TunnelingMetrics metrics, IOptions<TunnelingOptions> options, TimeProvider time, ILogger<ClientLogin> logger)
{
    private static readonly TimeSpan StoreWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PortBusyRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CertificateRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan OccupiedRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StandbyRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StoreAwayRetry = TimeSpan.FromSeconds(2);

    // The legacy protocol has no heartbeat: for it, probes are what comes regularly.
    private const int ProbesOfSilentProtocol = 9;
    private const int ProbesOfHeartbeat = 3;

    private readonly OncePerSecond _keptOutLogged = new(time);
    private readonly OncePerSecond _notStoredLogged = new(time);

    /// <summary>
    /// Reads a native hello. A control channel becomes a session, to be served; a data channel is given to its session, and
    /// null is returned, as for every rejected peer.
    /// </summary>
    /// <param name="incoming">A connection that starts with the preamble.</param>
    /// <param name="requiredPort">The only tunnel port whose token is welcome, or null for any.</param>
    /// <param name="cancellationToken">The handshake's deadline.</param>
    public async Task<TunnelSession?> AcceptNativeAsync(
        IncomingConnection incoming, int? requiredPort, CancellationToken cancellationToken)
    {
        using var trace = new LoginTrace(incoming.Remote, SessionProtocol.Native);
        Reject reject;
        try
        {
            if (!await IsOurVersionAsync(incoming, cancellationToken))
            {
                reject = Refuse(
                    RejectCode.Version, $"This server speaks version {Preamble.MajorVersion} of the protocol; install the client of the server's release.");
            }
            else if (await incoming.Transport.Input.ReadFrameAsync(ProtocolLimits.UnauthenticatedPayload, cancellationToken) is not { } frame)
            {
                return null;
            }
            else if (WayRejection(incoming) is { } notThisWay)
            {
                reject = notThisWay;
            }
            else if (frame.Type == FrameType.DataHello && requiredPort is null)
            {
                if (registry.FindByChannelSecret(frame.Read<DataHello>()) is { } owner)
                {
                    await owner.AddChannelAsync(incoming.Detach());
                    return null;
                }
                reject = Refuse(RejectCode.InvalidChannel, "No session here has this channel secret; log in again.");
            }
            else if (frame.Type == FrameType.Standby && requiredPort is null)
            {
                if (await ParkAsync(incoming, frame.Read<Standby>(), cancellationToken) is not { } notNow)
                    return null;
                reject = notNow;
            }
            else
            {
                (TunnelSession? session, reject) = await LogInAsync(incoming, frame, requiredPort, trace, cancellationToken);
                if (session is not null)
                    return session;
            }
        }
        catch (ProtocolException e)
        {
            reject = Refuse(RejectCode.Protocol, e.Message);
        }
        Note(reject, incoming.Remote.Address, trace);
        await incoming.AnswerAsync(Frame.Encode(reject), cancellationToken);
        return null;
    }

    /// <summary>
    /// Keeps a connection that <see cref="AcceptNativeAsync"/> has found to be a standby, for as long as its client wants. When that logs in,
    /// everything is asked again, as on a fresh connection: the session, to be served, or null.
    /// </summary>
    public async Task<TunnelSession?> AwaitStandbyAsync(IncomingConnection incoming)
    {
        if (incoming.Standby is not { } standby)
            return null;
        using IDisposable login = known.Add(incoming.Remote.Address, standby.Token.TokenId);
        Frame? hello;
        try
        {
            hello = await standby.WaitAsync();
        }
        finally
        {
            standbys.Remove(standby);
        }
        if (hello is null)
            return null;
        using var deadline = new CancellationTokenSource(options.Value.HandshakeTimeout, time);
        using var trace = new LoginTrace(incoming.Remote, SessionProtocol.Native);
        Reject reject;
        try
        {
            (TunnelSession? session, reject) = await LogInAsync(incoming, hello.Value, requiredPort: null, trace, deadline.Token);
            if (session is not null)
                return session;
        }
        catch (ProtocolException e)
        {
            reject = Refuse(RejectCode.Protocol, e.Message);
        }
        Note(reject, incoming.Remote.Address, trace);
        await incoming.AnswerAsync(Frame.Encode(reject), deadline.Token);
        return null;
    }

    /// <summary>Reads the first lines of the legacy protocol; otherwise as <see cref="AcceptNativeAsync"/>.</summary>
    public async Task<TunnelSession?> AcceptLegacyAsync(
        IncomingConnection incoming, int? requiredPort, CancellationToken cancellationToken)
    {
        using var trace = new LoginTrace(incoming.Remote, SessionProtocol.Legacy);
        Reject reject;
        try
        {
            if (await incoming.Transport.Input.ReadLineAsync(ProtocolLimits.LegacyLine, cancellationToken) is not { } first)
                return null;
            if (WayRejection(incoming) is { } notThisWay)
                reject = notThisWay;
            else if (LegacyMessages.TryParseData(first, out Guid id))
            {
                if (requiredPort is null && legacyChannels.TryGive(id, incoming.Detach))
                    return null;
                if (incoming.Transport.IsDetached)
                    return null;
                reject = Refuse(RejectCode.InvalidChannel, "no visitor waits for this connection id");
            }
            else
            {
                if (await incoming.Transport.Input.ReadLineAsync(ProtocolLimits.LegacyLine, cancellationToken) is not { } second)
                    return null;
                if (!ushort.TryParse(second, out ushort localPort) || localPort == 0)
                {
                    reject = Refuse(RejectCode.Protocol, "the second line must be the local port, 1 to 65535");
                }
                else
                {
                    trace.Begin();
                    var client = new ClientDescription(
                        SessionProtocol.Legacy, incoming.Remote.ToString(), "", "legacy", localPort, Guid.Empty, Yield: false);
                    (TunnelSession? session, reject) = await LogInAsync(first, client, requiredPort, incoming.Remote, trace, cancellationToken);
                    if (session is not null)
                        return session;
                }
            }
        }
        catch (ProtocolException e)
        {
            reject = Refuse(RejectCode.Protocol, e.Message);
        }
        Note(reject, incoming.Remote.Address, trace);
        await incoming.AnswerAsync(LegacyMessages.Error(reject.Sentence), cancellationToken);
        return null;
    }

    /// <summary>Serves a session's control channel until it ends, then lets its tunnel go offline.</summary>
    public async Task ServeAsync(TunnelSession session, IncomingConnection incoming)
    {
        using IDisposable login = known.Add(incoming.Remote.Address, session.Tunnel.Token.TokenId);
        var native = session as NativeSession;
        SocketTuning.DetectDeadPeer(incoming.Transport.End.Socket, options.Value.DeadAfter, native is null ? ProbesOfSilentProtocol : ProbesOfHeartbeat);
        if (native is not null)
        {
            registry.Register(native);
            nodes.Tell(native);
        }
        SessionEnd end = SessionEnd.ClientLost;
        try
        {
            end = await session.RunAsync(incoming);
        }
        finally
        {
            if (native is not null)
                registry.Unregister(native);
            session.Tunnel.Detach(session, end);
            await session.DisposeAsync();
        }
    }

    /// <exception cref="ProtocolException">It is no hello.</exception>
    private Task<(TunnelSession? Session, Reject Reject)> LogInAsync(
        IncomingConnection incoming, Frame frame, int? requiredPort, LoginTrace trace, CancellationToken cancellationToken)
    {
        ClientHello hello = frame.Read<ClientHello>();
        trace.Begin(hello.Trace);
        var client = new ClientDescription(
            SessionProtocol.Native, incoming.Remote.ToString(), PeerText.Escape(hello.ClientName), PeerText.Escape(hello.Software),
            hello.LocalPort, hello.LastSessionId, hello.Yield, hello.Abilities.HasFlag(ClientAbilities.ChannelsElsewhere));
        return LogInAsync(hello.Token, client, requiredPort, incoming.Remote, trace, cancellationToken);
    }

    // Null when the client may wait here.
    private async Task<Reject?> ParkAsync(IncomingConnection incoming, Standby standby, CancellationToken cancellationToken)
    {
        AuthenticationResult authentication = await AuthenticateAsync(standby.Token, incoming.Remote, cancellationToken);
        if (authentication.Token is not { } token)
            return authentication.Reject;
        if (registry.TakesNoMore)
            return Leaving;
        if (standbys.TryAdd(token, incoming) is not { } parked)
            return new Reject(RejectCode.TooMany, Retryable: true, StandbyRetry, "This node keeps no more standby connections of this token now.");
        incoming.Standby = parked;
        // Withdrawn while we looked: it was not among those that were ended.
        if (authenticator.IsWithdrawn(token.TokenId))
            standbys.End(token.TokenId, Goodbyes.Revoked);
        LogStandby(incoming.Remote, token.Port, token.TokenName);
        return null;
    }

    private async Task<(TunnelSession? Session, Reject Reject)> LogInAsync(
        string tokenText, ClientDescription client, int? requiredPort, IPEndPoint remote, LoginTrace trace, CancellationToken cancellationToken)
    {
        AuthenticationResult authentication = await AuthenticateAsync(tokenText, remote, cancellationToken);
        if (authentication.Token is not { } token)
            return (null, authentication.Reject);
        if (registry.TakesNoMore)
            return (null, Leaving);
        if (requiredPort is not null && token.Port != requiredPort)
            return (null, Refuse(RejectCode.WrongPort, "The token belongs to another port; connect to the control port."));

        Tunnel tunnel = registry.GetOrAdd(token);
        if (!await tunnel.Port.TryBindAsync() && tunnel.Port.IsStopped)
        {
            // It was stale and is being closed at this moment: its port is free afterwards, and a new tunnel takes it.
            await tunnel.Port.StopAsync();
            tunnel = registry.GetOrAdd(token);
        }
        if (!await tunnel.Port.TryBindAsync())
        {
            return (null, tunnel.Port.IsStopped
                ? new Reject(RejectCode.Unavailable, Retryable: true, TimeSpan.Zero, "The server is stopping; the client comes back by itself.")
                : new Reject(
                    RejectCode.PortBusy, Retryable: true, PortBusyRetry,
                    $"Port {token.Port} is in use by another program on the server; ask the server's operator to free it."));
        }

        var (attached, rejected) = await AttachAsync(tunnel, token, authentication.SecretHash, client, cancellationToken);
        if (attached.Session is not { } session)
            return (null, rejected);

        if (authenticator.IsWithdrawn(token.TokenId))
        {
            // Withdrawn while we attached: the registry may have ended the tunnel before we were in it.
            await registry.EndTokenAsync(token.TokenId, GoAwayReason.Revoked);
        }
        else if (tunnel.Token.Revision > token.Revision)
        {
            // Changed while we attached, by what we read before: the session is held against what holds now.
            await registry.ApplyHereAsync(token.TokenId, cancellationToken);
        }
        try
        {
            await attached.Stored.WaitAsync(StoreWait, time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            if (_notStoredLogged.TryPass())
                LogNotStoredInTime(token.Port);
        }
        // As above: the server may have begun to stop while we attached.
        await registry.EndIfClosedAsync(session);
        trace.Accepted(session, attached.Kind);
        if (attached.Kind == LoginKind.Restored)
            restoredTunnels.ReactivateRestoredTunnel(session.Record);
        else
            LogConnected(token.Port, remote, token.TokenName);
        return (session, default);
    }

    private async Task<AuthenticationResult> AuthenticateAsync(string tokenText, IPEndPoint remote, CancellationToken cancellationToken)
    {
        if (penalties.Remaining(remote.Address) is { Ticks: > 0 } wait
            && !(TokenText.TryParse(tokenText, out TokenText presented) && known.Contain(remote.Address, presented.Id)))
        {
            return AuthenticationResult.RetryLater(RejectCode.TooMany, wait, "Logins from this address have failed too often; the client comes back by itself.");
        }
        AuthenticationResult authentication = await authenticator.AuthenticateAsync(tokenText, remote.Address, cancellationToken);
        if (authentication.Token is null)
            LogRejected(remote, authentication.Reject.Code);
        return authentication;
    }

    /// <summary>Makes the client the owner, among all nodes and here; without a session, why not.</summary>
    private async ValueTask<(AttachResult Attached, Reject Reject)> AttachAsync(
        Tunnel tunnel, TokenRecord token, ReadOnlyMemory<byte> secretHash, ClientDescription client, CancellationToken cancellationToken)
    {
        // Before the claim, which takes the tunnel from whoever has it. Of another node's client the tunnel may not have heard yet.
        if (tunnel.IsOccupiedFor(client)
            || (client.Yield && directory.Find(token.TokenId) is { } route && route.SessionId != client.LastSessionId))
            return (AttachResult.Occupied, RejectionOf(LoginOutcome.Occupied));
        Claim claim;
        try
        {
            claim = directory.IsShared ? await directory.ClaimAsync(tunnel.WithEpoch(token), client.LastSessionId, cancellationToken) : default;
        }
        catch (StoreUnavailableException)
        {
            return (default, new Reject(
                RejectCode.Unavailable, Retryable: true, StoreAwayRetry, "The server cannot take tunnels over now because its database does not answer; the client may try again."));
        }
        AttachResult attached = claim.Superseded ? AttachResult.Superseded : tunnel.Attach(token, secretHash, client, claim.Epoch);
        if (attached.Session is null && claim.Epoch > 0)
            directory.Release(token.TokenId, claim.Epoch);
        return (attached, RejectionOf(attached.Outcome));
    }

    private static Reject RejectionOf(LoginOutcome outcome) => outcome switch
    {
        LoginOutcome.Attached => default,
        LoginOutcome.Occupied => new Reject(RejectCode.Occupied, Retryable: true, OccupiedRetry, "Another client holds the tunnel."),
        LoginOutcome.Superseded => new Reject(
            RejectCode.Occupied, Retryable: true, OccupiedRetry, "Another client connected with the same token at the same time and has the tunnel."),
        _ => Refuse(RejectCode.Revoked, Goodbyes.Revoked.Sentence),
    };

    /// <summary>Reads the preamble.</summary>
    /// <exception cref="ProtocolException">It is none.</exception>
    private static async Task<bool> IsOurVersionAsync(IncomingConnection incoming, CancellationToken cancellationToken)
    {
        ReadResult result = await incoming.Transport.Input.ReadAtLeastAsync(Preamble.Length, cancellationToken);
        if (result.Buffer.Length < Preamble.Length)
            throw new ProtocolException("The connection ended inside the preamble.");
        byte[] preamble = result.Buffer.Slice(0, Preamble.Length).ToArray();
        incoming.Transport.Input.AdvanceTo(result.Buffer.GetPosition(Preamble.Length));
        if (!preamble.AsSpan().StartsWith(Preamble.Bytes[..^1]))
            throw new ProtocolException("A native connection begins with RBT and the version.");
        return preamble[^1] == Preamble.MajorVersion;
    }

    // Of the way by which the peer came, whatever it says.
    private Reject? WayRejection(IncomingConnection incoming)
    {
        if (incoming.CertificateFault is { } fault)
            return new Reject(RejectCode.CertificateNeeded, Retryable: true, CertificateRetry, fault);
        if (tls.NeedsClientCertificate && !incoming.IsTls)
            return Refuse(RejectCode.PlaintextForbidden, "This server takes only clients that show a certificate; connect with TLS, --certificate and --certificate-key.");
        return incoming.IsExposed && !options.Value.AllowPlaintext
            ? Refuse(RejectCode.PlaintextForbidden, "This server accepts plaintext from its own machine only; connect with TLS.")
            : null;
    }

    private static Reject Leaving => new(
        RejectCode.Unavailable, Retryable: true, TimeSpan.Zero, Goodbyes.Draining("").Sentence);

    private static Reject Refuse(RejectCode code, string sentence) => new(code, Retryable: false, TimeSpan.Zero, sentence);

    // A data channel that comes too late is no login.
    private void Note(in Reject reject, IPAddress address, LoginTrace trace)
    {
        if (reject.Code == RejectCode.InvalidChannel)
            return;
        if (reject.Code is RejectCode.InvalidToken or RejectCode.Protocol)
            Penalize(address, reject.Code == RejectCode.InvalidToken ? LoginPenalties.WrongToken : LoginPenalties.NoLogin);
        metrics.Rejected(reject.Code);
        trace.Rejected(reject);
    }

    private void Penalize(IPAddress address, TimeSpan penalty)
    {
        if (penalties.Add(address, penalty) && _keptOutLogged.TryPass())
            LogKeptOut(address);
    }

    [LoggerMessage(EventIds.AddressPenalized, LogLevel.Warning, "Logins from {Address} have failed too often: it is kept out for up to ten minutes, but for tokens that have logged in from there lately")]
    private partial void LogKeptOut(IPAddress address);

    [LoggerMessage(EventIds.LoginRejected, LogLevel.Warning, "Rejected a login from {Remote}: {Code}")]
    private partial void LogRejected(IPEndPoint remote, RejectCode code);

    [LoggerMessage(EventIds.StandbyConnected, LogLevel.Debug, "{Remote} keeps a standby connection for port {Port} with token '{TokenName}'")]
    private partial void LogStandby(IPEndPoint remote, int port, string tokenName);

    [LoggerMessage(EventIds.ClientConnected, LogLevel.Information, "Tunnel client connected to port {Port} from {Remote} with token '{TokenName}'")]
    private partial void LogConnected(int port, IPEndPoint remote, string tokenName);

    [LoggerMessage(EventIds.SessionNotStoredInTime, LogLevel.Warning, "The session of port {Port} is live, but the database has not taken it yet; it is written as soon as that answers")]
    private partial void LogNotStoredInTime(int port);
}
