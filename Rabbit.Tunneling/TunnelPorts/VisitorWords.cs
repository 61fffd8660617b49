using System.Buffers;
using System.IO.Pipelines;
using Rabbit.Protocol;
using Rabbit.Protocol.Tls;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>Finds out what a peer speaks, leaving its bytes in the pipe.</summary>
internal static class VisitorWords
{
    /// <summary>Undecided when it said too little before the token was cancelled or it ended its direction.</summary>
    public static async Task<VisitorProtocol> ReadAsync(IncomingConnection incoming, CancellationToken cancellationToken)
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
            VisitorProtocol protocol = Sniff(result.Buffer);
            if (protocol != VisitorProtocol.Undecided || result.IsCompleted)
            {
                input.AdvanceTo(result.Buffer.Start);
                return protocol;
            }
            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    /// <summary>Has what was looked at, and not consumed, read again; what it is.</summary>
    public static VisitorProtocol Rewind(PipeReader input)
    {
        // Without the cancellation TryRead keeps back bytes that were examined.
        input.CancelPendingRead();
        if (!input.TryRead(out ReadResult result))
            return VisitorProtocol.Undecided;
        VisitorProtocol protocol = Sniff(result.Buffer);
        input.AdvanceTo(result.Buffer.Start);
        return protocol;
    }

    /// <summary>What all that has arrived so far is.</summary>
    public static VisitorProtocol Sniff(in ReadOnlySequence<byte> soFar)
    {
        VisitorProtocol protocol = VisitorSniffer.Sniff(soFar);
        if (protocol != VisitorProtocol.Tls)
            return protocol;
        // A client that comes back under TLS offers our protocol by name; a visitor does not.
        return ClientHelloSniffer.Offers(soFar, Preamble.AlpnName) switch
        {
            null => VisitorProtocol.Undecided,
            true => VisitorProtocol.NativeClient,
            false => protocol,
        };
    }
}
