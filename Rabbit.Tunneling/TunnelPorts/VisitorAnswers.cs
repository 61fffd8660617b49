using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>Tells visitors, once and in their own protocols, why they are not served.</summary>
internal sealed class VisitorAnswers(PostgresEncryption encryption, IOptions<TunnelingOptions> options, TimeProvider time)
{
    // Long enough for the first words that a visitor sends by itself, short enough to be at once.
    private static readonly TimeSpan PatienceWithSilence = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LingerTimeout = TimeSpan.FromSeconds(2);

    /// <summary>True where the visitor waits for the service to speak, so that there is nothing to wait for.</summary>
    public static bool SpeaksFirst(Visitor visitor) => !OfflineReply.AtConnect(Context(visitor, OfflineReason.ClientAway)).IsEmpty;

    /// <summary>Answers a visitor whose first words, if it says any, must still be heard.</summary>
    public async Task AnswerAsync(Visitor visitor, OfflineReason reason, ConnectionStatus status, string logged)
    {
        VisitorProtocol said = VisitorProtocol.Unknown;
        try
        {
            if (!SpeaksFirst(visitor))
            {
                using var deadline = new CancellationTokenSource(PatienceWithSilence, time);
                said = await VisitorWords.ReadAsync(visitor.Incoming, deadline.Token);
            }
        }
        catch (Exception e) when (IsGone(e, visitor))
        {
            visitor.Record(status, logged);
            return;
        }
        await AnswerAsync(visitor, said, reason, status, logged);
    }

    /// <summary>Answers a visitor that has said this.</summary>
    public async Task AnswerAsync(Visitor visitor, VisitorProtocol said, OfflineReason reason, ConnectionStatus status, string logged)
    {
        bool isRecorded = false;
        try
        {
            using (var late = new CancellationTokenSource(options.Value.OfflineDetectTimeout, time))
                said = await encryption.AgreeAsync(visitor.Incoming, said, late.Token);
            ReadOnlyMemory<byte> reply = OfflineReply.For(said, Context(visitor, reason));
            // Written down first: the answer may be the last thing that this connection hears of us.
            visitor.BytesAnswered = reply.Length;
            isRecorded = true;
            visitor.Record(status, logged);
            using var deadline = new CancellationTokenSource(LingerTimeout, time);
            await visitor.Incoming.AnswerAsync(reply, deadline.Token);
        }
        catch (Exception e) when (IsGone(e, visitor))
        {
            if (!isRecorded)
                visitor.Record(status, logged);
        }
    }

    /// <summary>True for what is thrown when a visitor has left, or was sent away.</summary>
    public static bool IsGone(Exception exception, Visitor visitor) =>
        exception is IOException or SocketException or AuthenticationException or OperationCanceledException
        || (exception is ObjectDisposedException && visitor.IsExpelled);

    private static OfflineContext Context(Visitor visitor, OfflineReason reason) =>
        new(visitor.Tunnel.Port.Number, reason, visitor.Tunnel.Token.Kind);
}
