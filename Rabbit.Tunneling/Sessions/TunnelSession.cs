using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.Sessions;

/// <summary>One authenticated client of a tunnel, for the time of one control channel.</summary>
internal abstract class TunnelSession : IAsyncDisposable
{
    private readonly CancellationTokenSource _relays;
    private int _holders = 1; // The session itself, and each visitor that it serves.
    private readonly TaskCompletionSource _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private protected TunnelSession(Tunnel tunnel, SessionRecord record)
    {
        Tunnel = tunnel;
        Record = record;
        _relays = CancellationTokenSource.CreateLinkedTokenSource(tunnel.RelaysAborted);
        RelaysAborted = _relays.Token;
    }

    /// <summary>The tunnel that it serves, or served.</summary>
    public Tunnel Tunnel { get; }

    /// <summary>What is stored of it.</summary>
    public SessionRecord Record { get; }

    /// <summary>SHA-256 of the secret that its client logged in with.</summary>
    public ReadOnlyMemory<byte> SecretHash { get; set; }

    /// <summary>When the client was last heard of.</summary>
    public virtual DateTimeOffset LastSeenAt => Record.ConnectedAt;

    /// <summary>Data channels that wait for a visitor.</summary>
    public virtual int ReadyChannels => 0;

    /// <summary>True when its client dials data channels to other nodes where it is asked to.</summary>
    public virtual bool TakesChannelsElsewhere => false;

    /// <summary>Cancelled when its relays must end at once: revocation, expiry, or the end of the drain.</summary>
    public CancellationToken RelaysAborted { get; }

    /// <summary>Round-trip time of the last heartbeat, or null before the first.</summary>
    public TimeSpan? RoundTrip { get; private protected set; }

    /// <summary>What the client has said of its local service last; unknown until it has, and of a client that does not.</summary>
    public ServiceReport Service { get; private protected set; } = ServiceReport.None;

    /// <summary>Completes when it takes no more visitors, at the latest with <see cref="Left"/>.</summary>
    public Task Ending => _ending.Task;

    /// <summary>Completes when the session has ended and its tunnel knows.</summary>
    public Task Left => _left.Task;

    /// <summary>Greets the client, then serves its control channel until that ends; never throws for what a peer does.</summary>
    public abstract Task<SessionEnd> RunAsync(IncomingConnection connection);

    /// <summary>Gets a data channel for a visitor, waiting no longer than the channel time-out.</summary>
    public abstract ValueTask<(RelayEnd? Channel, ChannelFailure Failure)> TakeChannelAsync();

    /// <summary>
    /// A channel taken at this moment turned out to be dead: those that waited beside it are closed too, unless that was done
    /// since, and others are asked for.
    /// </summary>
    public virtual ValueTask ReplaceChannelsAsync(long takenAt) => ValueTask.CompletedTask;

    /// <summary>How long a visitor waits for the answer on a channel, where it waits so long for a channel.</summary>
    public virtual TimeSpan AnswerTimeout(TimeSpan channelTimeout) => channelTimeout;

    /// <summary>True when the client answers each channel with Accepted or Refused before the service's bytes.</summary>
    public abstract bool ChannelsAreFramed { get; }

    /// <summary>
    /// Tells the client why, takes no more visitors, and lets the control channel end; returns at once. Relays go on unless
    /// <see cref="AbortRelays"/> is called too.
    /// </summary>
    public abstract void End(SessionEnd end, in GoAway goAway);

    /// <summary>Once a heartbeat: housekeeping that is due.</summary>
    public abstract ValueTask SweepAsync();

    /// <summary>
    /// A visitor is about to be served: its relay can be aborted until <see cref="EndVisitor"/>, also after the session's end. False when the
    /// session has ended, and has no visitors any more.
    /// </summary>
    public bool TryBeginVisitor()
    {
        for (int holders = Volatile.Read(ref _holders); holders > 0;)
        {
            int seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
                return true;
            holders = seen;
        }
        return false;
    }

    /// <summary>The visitor has gone.</summary>
    public void EndVisitor()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
            _relays.Dispose(); // Or the tunnel would remember each session that it ever had.
    }

    /// <summary>From now on it takes no more visitors.</summary>
    private protected void BeginEnding() => _ending.TrySetResult();

    /// <summary>Resets every relay of this session.</summary>
    public void AbortRelays()
    {
        if (!TryBeginVisitor())
            return;
        _relays.Cancel();
        EndVisitor();
    }

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync()
    {
        _ending.TrySetResult();
        _left.TrySetResult();
        EndVisitor();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
