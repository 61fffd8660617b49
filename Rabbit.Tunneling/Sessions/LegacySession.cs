using System.IO.Pipelines;
using System.Net.Sockets;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Legacy;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.Sessions;

/// <summary>A session of the legacy line protocol: one CONNECT line a visitor, and no heartbeat but TCP's own.</summary>
internal sealed class LegacySession : TunnelSession
{
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(1);

    private readonly TunnelingOptions _options;
    private readonly TimeProvider _time;
    private readonly LegacyChannels _channels;
    private readonly ControlWriter _writer;
    private SessionEnd? _end;

    public LegacySession(
        Tunnel tunnel, SessionRecord record, TunnelingOptions options, TimeProvider time, LegacyChannels channels)
        : base(tunnel, record)
    {
        _options = options;
        _time = time;
        _channels = channels;
        _writer = new ControlWriter(options.PendingVisitors);
    }

    /// <inheritdoc/>
    public override bool ChannelsAreFramed => false;

    /// <inheritdoc/>
    public override async ValueTask<(RelayEnd? Channel, ChannelFailure Failure)> TakeChannelAsync()
    {
        var request = new ChannelRequest();
        Guid id = _channels.Expect(this, request);
        try
        {
            if (!_writer.TryPost(LegacyMessages.Connect(id)))
                return (null, _end is null ? ChannelFailure.TooManyWaiting : ChannelFailure.SessionEnded);
            return await request.WaitAsync(_options.ChannelTimeout, _time);
        }
        finally
        {
            _channels.Forget(id);
        }
    }

    /// <inheritdoc/>
    public override ValueTask SweepAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public override void End(SessionEnd end, in GoAway goAway)
    {
        _end ??= end;
        BeginEnding();
        _writer.Complete();
    }

    /// <inheritdoc/>
    public override async Task<SessionEnd> RunAsync(IncomingConnection connection)
    {
        using var stop = new CancellationTokenSource();
        _writer.TryPost(LegacyMessages.Success(Record.SessionId, Record.Port));
        Task writing = _writer.RunAsync(connection.Transport.Output, stop.Token);
        Task<SessionEnd> reading = ReadAsync(connection.Transport.Input, stop.Token);
        if (await Task.WhenAny(writing, reading) == writing)
            await stop.CancelAsync(); // This protocol has no word for goodbye: the connection just closes.
        SessionEnd end = await reading;
        _end ??= end;
        _writer.Complete();
        stop.CancelAfter(GoodbyeTimeout);
        await writing;
        _channels.FailAll(this);
        return _end.Value;
    }

    private static async Task<SessionEnd> ReadAsync(PipeReader input, CancellationToken cancellationToken)
    {
        try
        {
            while (await input.ReadLineAsync(ProtocolLimits.LegacyLine, cancellationToken) is { } line)
            {
                if (line == LegacyMessages.Disconnect)
                    return SessionEnd.ClientDisconnected;
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
}
