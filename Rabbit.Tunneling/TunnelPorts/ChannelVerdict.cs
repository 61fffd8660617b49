using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>The client's answer on a started data channel: Accepted, Refused, or none.</summary>
internal sealed class ChannelVerdict(RelayEnd channel, OpeningVisitors opening, TimeSpan timeout, TimeProvider time)
{
    // A path that loses every twentieth packet loses a packet and its two repetitions once in 8,000 times.
    private const int Retransmits = 2;
    private static readonly TimeSpan UnreachedAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// True when the client's machine has acknowledged nothing of what was sent: the channel had died without a sign, and the visitor is as good as not begun.
    /// </summary>
    public bool IsUnreached { get; private set; }

    /// <summary>True when the channel broke without a word: its client has died, or is about to.</summary>
    public bool IsBroken { get; private set; } = true;

    /// <summary>What the client refused with; its reason is 0 where it did not say so.</summary>
    public Refused Refusal { get; private set; }

    /// <summary>True when the visitor was served by the channel, however that ended; its user sets it.</summary>
    public bool IsServed { get; set; }

    /// <summary>True when the client took it, but is the owner's no more: the visitor is another session's. Its user sets it.</summary>
    public bool IsFenced { get; set; }

    /// <summary>Cancelled when the node that the channel leads to is lost; default where it leads to the client.</summary>
    public CancellationToken OwnerLost { get; init; }

    /// <summary>True when that node was lost before it had answered: the visitor is the next owner's.</summary>
    public bool IsOwnerLost { get; private set; }

    /// <summary>What a visitor is told when the answer was not Accepted.</summary>
    public OfflineReason Reason { get; private set; } = OfflineReason.ClientAway;

    /// <summary>How the visitor's row ends then.</summary>
    public ConnectionStatus Status { get; private set; } = ConnectionStatus.Error;

    /// <summary>Why, for the visitor's row.</summary>
    public string Sentence { get; private set; } = "the data channel broke before the client answered";

    /// <summary>
    /// Reads the answer and leaves every byte behind it in the channel; true for Accepted.
    /// </summary>
    /// <exception cref="IOException">The channel broke.</exception>
    public async ValueTask<bool> ReadAsync()
    {
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(OwnerLost);
            long started = time.GetTimestamp();
            await using ITimer look = time.CreateTimer(_ => Look(deadline, started), null, UnreachedAfter < timeout ? UnreachedAfter : timeout, LookAgain);
            if (await channel.ReadFrameAsync(ProtocolLimits.Payload, deadline.Token) is not { } frame)
                return false;
            IsBroken = false;
            if (frame.Type == FrameType.Accepted)
                return true;
            Refusal = frame.Read<Refused>();
            Reason = OfflineContext.ReasonOf(Refusal.Reason);
            Status = Reason == OfflineReason.NoChannel ? ConnectionStatus.Timeout : ConnectionStatus.Refused;
            Sentence = PeerText.Escape(Refusal.Sentence);
        }
        catch (OperationCanceledException) when (OwnerLost.IsCancellationRequested)
        {
            IsBroken = false;
            IsOwnerLost = true;
            Sentence = "the node of its client was lost";
        }
        catch (OperationCanceledException) when (IsUnreached)
        {
            IsBroken = false;
            Sentence = "the data channel was dead";
        }
        catch (OperationCanceledException)
        {
            IsBroken = false;
            Reason = OfflineReason.LocalServiceTimedOut;
            Status = ConnectionStatus.Timeout;
            Sentence = "the client did not answer in time";
        }
        catch (ProtocolException e)
        {
            IsBroken = false;
            Sentence = e.Message;
        }
        finally
        {
            opening.End();
        }
        return false;
    }

    private void Look(CancellationTokenSource deadline, long started)
    {
        TimeSpan waited = time.GetElapsedTime(started);
        IsUnreached |= TcpState.TryRead(channel.Socket, out TcpState state)
            && state is { InFlight: > 0, Retransmits: >= Retransmits } && state.SinceLastAck >= waited;
        if (IsUnreached || waited >= timeout)
            deadline.Cancel();
    }
}
