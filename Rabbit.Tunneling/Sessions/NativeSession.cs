using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.Sessions;

/// <summary>A session of the native protocol: heartbeats both ways and a pool of data channels.</summary>
internal sealed class NativeSession : TunnelSession, IDialledSession
{
    private const int ControlQueueCapacity = 4096;
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(1);

    private readonly TunnelingOptions _options;
    private readonly TimeProvider _time;
    private readonly TunnelingMetrics _metrics;
    private readonly ControlWriter _writer = new(ControlQueueCapacity);
    private readonly ChannelPool _pool;
    private readonly ConcurrentDictionary<string, Action<OpenFailed>> _elsewhere = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _silent = new();
    private readonly SilenceWatch _silence;
    private long _pingSent;
    private ulong _pingNumber;
    private SessionEnd? _end;

    public NativeSession(
        Tunnel tunnel, SessionRecord record, TunnelingOptions options, TimeProvider time, ControlPortAddress controlPort, TunnelingMetrics metrics,
        bool takesChannelsElsewhere)
        : base(tunnel, record)
    {
        _options = options;
        _time = time;
        _metrics = metrics;
        TakesChannelsElsewhere = takesChannelsElsewhere;
        _silence = new SilenceWatch(options.HeartbeatInterval, options.DeadAfter, _silent.Cancel, time);
        _pool = new ChannelPool(options.PoolSize, options.PendingVisitors, RequestChannels);
        // First in the queue: visitors may ask for channels before the client has been greeted.
        _writer.TryPost(new ServerHello(
            Minor: 0, record.SessionId, (ulong)record.Epoch, ChannelSecret.Value, (ushort)record.Port,
            options.PublicHost, (ushort)controlPort.Bound.Port, (ushort)options.PoolSize, options.HeartbeatInterval, options.DeadAfter,
            Declared(tunnel.Token.Kind), options.IsClustered ? options.ClusterClientAddress : ""));
    }

    /// <inheritdoc/>
    public override bool ChannelsAreFramed => true;

    /// <inheritdoc/>
    public override DateTimeOffset LastSeenAt => _time.GetUtcNow() - _silence.Silence;

    /// <inheritdoc/>
    public override int ReadyChannels => _pool.Ready;

    /// <inheritdoc/>
    public Guid SessionId => Record.SessionId;

    /// <inheritdoc/>
    public ChannelSecret ChannelSecret { get; } = new();

    /// <inheritdoc/>
    public override bool TakesChannelsElsewhere { get; }

    /// <inheritdoc/>
    public override ValueTask<(RelayEnd? Channel, ChannelFailure Failure)> TakeChannelAsync() =>
        _pool.TakeAsync(_options.ChannelTimeout, _time);

    /// <summary>Sends a frame that was encoded for many; dropped where the client does not read.</summary>
    public void Tell(ReadOnlyMemory<byte> frame) => _writer.TryPost(frame);

    /// <summary>Asks the client for data channels to another node; false when it cannot be asked.</summary>
    /// <param name="request">Where and how many.</param>
    /// <param name="failed">Told when it cannot open some of those to that address, now and later.</param>
    public bool OpenChannelsAt(in OpenChannelsAt request, Action<OpenFailed> failed)
    {
        if (!TakesChannelsElsewhere)
            return false;
        _elsewhere[request.Address] = failed;
        return _writer.TryPost(request);
    }

    /// <inheritdoc/>
    public ValueTask AddChannelAsync(RelayEnd channel) => _pool.AddAsync(channel);

    /// <inheritdoc/>
    public override ValueTask ReplaceChannelsAsync(long takenAt) => _pool.ReplaceReadyAsync(takenAt, _time);

    /// <inheritdoc/>
    public override ValueTask SweepAsync() => _pool.SweepAsync();

    /// <inheritdoc/>
    public override void End(SessionEnd end, in GoAway goAway)
    {
        _end ??= end;
        BeginEnding();
        _writer.TryPost(goAway);
        _writer.Complete();
    }

    /// <inheritdoc/>
    public override async Task<SessionEnd> RunAsync(IncomingConnection connection)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_silent.Token);
        _silence.Heard(); // Until now the session may have waited for the database.
        Task writing = _writer.RunAsync(connection.Transport.Output, stop.Token);
        Task<SessionEnd> reading = ReadAsync(connection.Transport.Input, stop.Token);
        await using ITimer heartbeat = _time.CreateTimer(
            static session => ((NativeSession)session!).Beat(), this, _options.HeartbeatInterval, _options.HeartbeatInterval);

        if (await Task.WhenAny(writing, reading) == writing)
        {
            // Either we have said goodbye, or writing failed. The client closes when it has read why.
            stop.CancelAfter(GoodbyeTimeout);
        }
        SessionEnd end = await reading;
        if (end == SessionEnd.ProtocolError)
            End(end, Goodbyes.ProtocolBroken);
        _writer.Complete();
        stop.CancelAfter(GoodbyeTimeout);
        await writing;
        // Where only one direction is broken a reset arrives, whereas an end would wait behind what was not acknowledged.
        if (_silent.IsCancellationRequested)
            connection.Transport.End.Abort();
        if (end == SessionEnd.ProtocolError)
            await connection.Transport.End.LingerAsync(stop.Token); // What it sent and nobody reads would reset the goodbye away.
        await _pool.CloseAsync();
        return _end ?? (_silent.IsCancellationRequested ? SessionEnd.ClientSilent : end);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _pool.CloseAsync();
        await _silence.DisposeAsync();
        _silent.Dispose();
        await base.DisposeAsync();
    }

    private async Task<SessionEnd> ReadAsync(PipeReader input, CancellationToken cancellationToken)
    {
        try
        {
            while (await input.ReadFrameAsync(ProtocolLimits.Payload, cancellationToken) is { } frame)
            {
                _silence.Heard();
                switch (frame.Type)
                {
                    case FrameType.Ping:
                        _writer.TryPost(new Pong(frame.Read<Ping>().Number));
                        break;
                    case FrameType.Pong when frame.Read<Pong>().Number == _pingNumber:
                        TimeSpan roundTrip = _time.GetElapsedTime(_pingSent);
                        RoundTrip = roundTrip;
                        _metrics.HeartbeatAnswered(roundTrip);
                        break;
                    case FrameType.Pong:
                        break;
                    case FrameType.OpenFailed:
                        Note(frame.Read<OpenFailed>());
                        break;
                    case FrameType.ServiceHealth:
                        Note(frame.Read<ServiceHealth>());
                        break;
                    case FrameType.Disconnect:
                        return SessionEnd.ClientDisconnected;
                    default:
                        // A type that this version knows is not allowed here; one from a newer peer is skipped.
                        if (Enum.IsDefined(frame.Type))
                            return SessionEnd.ProtocolError;
                        break;
                }
            }
            return SessionEnd.ClientLost;
        }
        catch (ProtocolException)
        {
            return SessionEnd.ProtocolError;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            return SessionEnd.ClientLost;
        }
    }

    private void Note(in OpenFailed failed)
    {
        if (failed.Address.Length == 0)
            _pool.OpenFailed(failed.Count);
        else if (_elsewhere.TryGetValue(failed.Address, out Action<OpenFailed>? tell))
            tell(failed);
    }

    private void Note(in ServiceHealth said)
    {
        ServiceState state = Enum.IsDefined(said.State) ? said.State : ServiceState.Unknown;
        string reason = state == ServiceState.Down ? PeerText.Escape(said.Sentence) : "";
        ServiceReport before = Service;
        if (before.State == state && before.Reason == reason)
            return;
        Service = new ServiceReport(state, reason, before.State == state ? before.Since : _time.GetUtcNow());
        if (before.State != state)
            Tunnel.TellService(this, before.State);
    }

    private static DeclaredService Declared(ServiceKind kind) => kind switch
    {
        ServiceKind.Postgres => DeclaredService.Postgres,
        ServiceKind.MySql => DeclaredService.MySql,
        ServiceKind.Redis => DeclaredService.Redis,
        ServiceKind.Http => DeclaredService.Http,
        ServiceKind.Ssh => DeclaredService.Ssh,
        ServiceKind.Other => DeclaredService.Other,
        _ => DeclaredService.Unknown,
    };

    private void Beat()
    {
        _pingSent = _time.GetTimestamp();
        _pingNumber++;
        _writer.TryPost(new Ping(_pingNumber));
    }

    private void RequestChannels(int count)
    {
        for (; count > 0; count -= ushort.MaxValue)
            _writer.TryPost(new NeedChannels((ushort)Math.Min(count, ushort.MaxValue)));
    }
}
