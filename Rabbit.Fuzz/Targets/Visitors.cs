using System.Buffers;
using Rabbit.Protocol;
using Rabbit.Protocol.Tls;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.State;

namespace Rabbit.Fuzz.Targets;

/// <summary>What an offline port takes a connection for, its way through PostgreSQL's requests, and the answer.</summary>
internal static class Visitors
{

    public static void Run(byte[] input)
    {
        VisitorProtocol decided = VisitorProtocol.Undecided;
        bool? offers = null;
        foreach (byte[] soFar in Cuts.Beginnings(input))
        {
            var sequence = new ReadOnlySequence<byte>(soFar);
            VisitorProtocol now = VisitorSniffer.Sniff(sequence);
            BrokenException.Unless(decided == VisitorProtocol.Undecided || now == decided, "More bytes have changed what was decided.");
            BrokenException.Unless(now != VisitorProtocol.Undecided || soFar.Length < VisitorSniffer.LookAhead, "It is not decided when it must be.");
            decided = now;

            bool? offersNow = ClientHelloSniffer.Offers(sequence, Preamble.AlpnName);
            BrokenException.Unless(offers is null || offersNow == offers, "More bytes have changed what a ClientHello offers.");
            BrokenException.Unless(offersNow is not null || soFar.Length < 2 * ClientHelloSniffer.MaxLength, "A ClientHello has no end.");
            offers = offersNow;
        }
        foreach (ReadOnlySequence<byte> cut in Cuts.Of(input))
        {
            BrokenException.Unless(VisitorSniffer.Sniff(cut) == decided, "The segmentation changes what is decided.");
            BrokenException.Unless(ClientHelloSniffer.Offers(cut, Preamble.AlpnName) == offers, "The segmentation changes what a ClientHello offers.");
        }
        Answer(input);
    }

    // As an offline port does: it answers a request for encryption and goes on behind it.
    private static void Answer(byte[] input)
    {
        var rest = new ReadOnlySequence<byte>(input);
        VisitorProtocol protocol;
        while ((protocol = VisitorSniffer.Sniff(rest)) is VisitorProtocol.PostgresSslRequest or VisitorProtocol.PostgresGssRequest)
            rest = rest.Slice(VisitorSniffer.PostgresRequestLength);
        foreach (ServiceKind kind in Enum.GetValues<ServiceKind>())
        {
            foreach (OfflineReason reason in Enum.GetValues<OfflineReason>())
            {
                var context = new OfflineContext(10000, reason, kind);
                BrokenException.Unless(OfflineReply.For(protocol, context, HttpHead.Read(rest).WantsHtml).Length <= OfflineReply.MaxLength, "A reply is long.");
            }
        }
    }
}
