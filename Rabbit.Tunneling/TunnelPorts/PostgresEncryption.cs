using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>
/// Answers PostgreSQL's requests for encryption on the way to an error, as a server may: GSSAPI with no, TLS with yes, by the server's
/// own certificate. A client that insists on TLS (sslmode=require) shows its user no error that comes without.
/// </summary>
internal sealed class PostgresEncryption(ServerTls tls)
{
    // A handshake costs about a millisecond of a processor. Of more at once, the rest are told that there is no TLS.
    private const int MostHandshakes = 64;

    private int _handshakes;

    /// <summary>What the visitor says afterwards; each request is answered once.</summary>
    /// <exception cref="IOException">The visitor has gone.</exception>
    public async Task<VisitorProtocol> AgreeAsync(IncomingConnection incoming, VisitorProtocol first, CancellationToken cancellationToken)
    {
        bool gssAnswered = false, tlsAnswered = false;
        VisitorProtocol protocol = first;
        while (true)
        {
            switch (protocol)
            {
                case VisitorProtocol.PostgresGssRequest when !gssAnswered:
                    gssAnswered = true;
                    await AnswerAsync(incoming, PostgresReply.NoEncryption, cancellationToken);
                    break;
                case VisitorProtocol.PostgresSslRequest when !tlsAnswered:
                    tlsAnswered = true;
                    await SecureAsync(incoming, cancellationToken);
                    break;
                default:
                    return protocol;
            }
            protocol = await VisitorWords.ReadAsync(incoming, cancellationToken);
        }
    }

    private async Task SecureAsync(IncomingConnection incoming, CancellationToken cancellationToken)
    {
        bool hasPlace = Interlocked.Increment(ref _handshakes) <= MostHandshakes;
        try
        {
            await AnswerAsync(incoming, hasPlace ? PostgresReply.Encryption : PostgresReply.NoEncryption, cancellationToken);
            if (hasPlace)
                await incoming.SecureAsync(tls.CreateOptionsForVisitors(), tls.MaxHandshakeBytes, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _handshakes);
        }
    }

    private static ValueTask AnswerAsync(IncomingConnection incoming, ReadOnlyMemory<byte> answer, CancellationToken cancellationToken)
    {
        // Read again from its start: what VisitorWords left there is the request.
        incoming.Transport.Input.TryRead(out var result);
        incoming.Transport.Input.AdvanceTo(result.Buffer.GetPosition(VisitorSniffer.PostgresRequestLength));
        return incoming.Transport.End.SendAsync(answer, cancellationToken);
    }
}
