using System.IO.Pipelines;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>Tells visitors, once and in their own protocols, why they are not served.</summary>
internal sealed class VisitorAnswers(PostgresEncryption encryption, IOptions<TunnelingOptions> options, TimeProvider time)
{
    // Long enough for the first words that a visitor sends by itself, short enough to be at once.
    private static readonly TimeSpan PatienceWithSilence = TimeSpan.FromMilliseconds(250);
    // The rest of a request's head follows its first words within a round trip or two.
    private static readonly TimeSpan PatienceWithHeads = TimeSpan.FromMilliseconds(750);
    private static readonly TimeSpan LingerTimeout = TimeSpan.FromSeconds(2);

    /// <summary>True where the visitor waits for the service to speak, so that there is nothing to wait for.</summary>
    public static bool SpeaksFirst(Visitor visitor) =>
        !OfflineReply.AtConnect(new OfflineContext(visitor.Tunnel.Port.Number, OfflineReason.ClientAway, visitor.Tunnel.Token.Kind)).IsEmpty;

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
            bool asHtml = said is VisitorProtocol.Http or VisitorProtocol.HttpHead && await WantsHtmlAsync(visitor.Incoming.Transport.Input);
            ReadOnlyMemory<byte> reply = OfflineReply.For(said, Context(visitor, reason), asHtml);
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

    private async Task<bool> WantsHtmlAsync(PipeReader input)
    {
        using var late = new CancellationTokenSource(PatienceWithHeads, time);
        HttpHead head = default;
        try
        {
            while (!head.IsWhole)
            {
                ReadResult result = await input.ReadAsync(late.Token);
                head = HttpHead.Read(result.Buffer);
                input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                if (result.IsCompleted)
                    break;
            }
        }
        catch (OperationCanceledException)
        {
            // What has come so far must do.
        }
        return head.WantsHtml;
    }

    private OfflineContext Context(Visitor visitor, OfflineReason reason)
    {
        Tunnel tunnel = visitor.Tunnel;
        var context = new OfflineContext(tunnel.Port.Number, reason, tunnel.Token.Kind);
        return reason != OfflineReason.ClientAway ? context
            : context with { OwnMessage = Expand(tunnel, options.Value.OfflineMessage), OwnHint = Expand(tunnel, options.Value.OfflineHint) };
    }

    private static string? Expand(Tunnel tunnel, string text) =>
        text.Length == 0 ? null : OfflineText.Expand(text, tunnel.Port.Number, tunnel.Token.TokenName, tunnel.Absence.Last.Since);
}
