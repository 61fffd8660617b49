using System.Buffers.Binary;
using System.Text;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Tunneling.OfflineReplies;

public sealed class OfflineReplyTests
{
    private const string What = "The client of tunnel port 12345 is away.";
    private const string Remedy =
        "To bring it back, run on its machine: tunnel-client connect --server HOST:PORT --token-file FILE --local-port PORT";

    private const string HttpHeader =
        "HTTP/1.1 503 Service Unavailable\r\n" +
        "Content-Type: text/plain; charset=utf-8\r\n" +
        "Content-Length: 156\r\n" +
        "Retry-After: 5\r\n" +
        "Connection: close\r\n" +
        "Cache-Control: no-store\r\n" +
        "\r\n";

    private static readonly OfflineContext Away = new(12345, OfflineReason.ClientAway);

    [Fact]
    [Trait("Property", "P26")]
    public void For_Http_IsByteExact()
    {
        string expected = $"{HttpHeader}{What}\n{Remedy}\n";
        Assert.Equal(expected, Text(OfflineReply.For(VisitorProtocol.Http, Away)));
        Assert.Equal(156, expected.Length - HttpHeader.Length);
    }

    [Fact]
    [Trait("Property", "P26")]
    public void For_HttpHead_IsTheSameHeaderWithoutABody() =>
        Assert.Equal(HttpHeader, Text(OfflineReply.For(VisitorProtocol.HttpHead, Away)));

    [Theory]
    [InlineData(nameof(OfflineReason.ClientAway), "503 Service Unavailable", "is away")]
    [InlineData(nameof(OfflineReason.LocalServiceRefused), "502 Bad Gateway", "refused")]
    [InlineData(nameof(OfflineReason.LocalServiceTimedOut), "504 Gateway Timeout", "in time")]
    [InlineData(nameof(OfflineReason.LocalServiceUnreachable), "502 Bad Gateway", "cannot reach")]
    [InlineData(nameof(OfflineReason.ClientBusy), "503 Service Unavailable", "no more visitors")]
    [InlineData(nameof(OfflineReason.NoChannel), "503 Service Unavailable", "no data channel")]
    [Trait("Property", "P26")]
    public void For_HttpAndEveryReason_HasItsStatusSentenceAndExactLength(string reason, string status, string sentence)
    {
        string reply = Text(OfflineReply.For(VisitorProtocol.Http, new OfflineContext(80, Enum.Parse<OfflineReason>(reason))));
        string[] parts = reply.Split("\r\n\r\n");
        Assert.Equal(2, parts.Length);
        Assert.StartsWith($"HTTP/1.1 {status}\r\n", reply, StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Length: {parts[1].Length}\r\n", reply, StringComparison.Ordinal);
        Assert.Contains(sentence, parts[1], StringComparison.Ordinal);
        Assert.Contains("port 80 ", parts[1], StringComparison.Ordinal);
        Assert.DoesNotContain('\n', parts[0].Replace("\r\n", "", StringComparison.Ordinal));
        Assert.True(reply.All(char.IsAscii));
    }

    [Fact]
    public void For_Postgres_IsAnErrorResponse57P03()
    {
        byte[] reply = OfflineReply.For(VisitorProtocol.Postgres, Away).ToArray();
        Assert.Equal((byte)'E', reply[0]);
        Assert.Equal(reply.Length - 1, BinaryPrimitives.ReadInt32BigEndian(reply.AsSpan(1)));
        Assert.Equal($"SFATAL\0VFATAL\0C57P03\0M{What}\0H{Remedy}\0\0", Text(reply.AsMemory(5)));
    }

    [Fact]
    public void For_PostgresRequestsThatWereAnsweredBefore_IsTheError()
    {
        byte[] error = OfflineReply.For(VisitorProtocol.Postgres, Away).ToArray();
        Assert.Equal(error, OfflineReply.For(VisitorProtocol.PostgresSslRequest, Away).ToArray());
        Assert.Equal(error, OfflineReply.For(VisitorProtocol.PostgresGssRequest, Away).ToArray());
    }

    [Fact]
    public void For_ThoseWhoAreNotAnswered_IsEmpty()
    {
        Assert.True(OfflineReply.For(VisitorProtocol.PostgresCancel, Away).IsEmpty);
        Assert.True(OfflineReply.For(VisitorProtocol.NativeClient, Away).IsEmpty);
        Assert.True(OfflineReply.For(VisitorProtocol.LegacyClient, Away).IsEmpty);
    }

    [Fact]
    public void For_Redis_IsASimpleError() =>
        Assert.Equal($"-ERR {What} {Remedy}\r\n", Text(OfflineReply.For(VisitorProtocol.Redis, Away)));

    [Fact]
    public void For_Tls_IsAFatalAlert() =>
        Assert.Equal([21, 3, 1, 0, 2, 2, 80], OfflineReply.For(VisitorProtocol.Tls, Away).ToArray());

    [Fact]
    public void For_SshOfEveryLength_IsAnIdentificationAndAWholePacket()
    {
        var lengths = new HashSet<int>();
        foreach (int port in new[] { 1, 22, 333, 4444, 55555 })
        {
            foreach (OfflineReason reason in Enum.GetValues<OfflineReason>())
            {
                var context = new OfflineContext(port, reason);
                byte[] reply = OfflineReply.For(VisitorProtocol.Ssh, context).ToArray();
                Assert.StartsWith("SSH-2.0-Rabbit\r\n", Text(reply), StringComparison.Ordinal);

                ReadOnlySpan<byte> packet = reply.AsSpan("SSH-2.0-Rabbit\r\n".Length);
                int description = BinaryPrimitives.ReadInt32BigEndian(packet[10..]);
                Assert.Equal(packet.Length - 4, BinaryPrimitives.ReadInt32BigEndian(packet));
                Assert.Equal(0, packet.Length % 8);
                Assert.InRange(packet[4], 4, 11);
                Assert.Equal(packet.Length, 5 + 1 + 4 + 4 + description + 4 + packet[4]);
                Assert.Equal([1, 0, 0, 0, 7], packet[5..10].ToArray());
                Assert.Equal(context.Line, Text(packet.Slice(14, description).ToArray()));
                lengths.Add(description % 8);
            }
        }
        Assert.True(lengths.Count > 4, "The padding was not put to the test.");
    }

    [Fact]
    public void AtConnect_MySql_IsAnErrPacketWithoutSqlState()
    {
        byte[] reply = OfflineReply.AtConnect(Away with { Kind = ServiceKind.MySql }).ToArray();
        string line = $"{What} {Remedy}";
        Assert.Equal([(byte)(line.Length + 3), 0, 0, 0, 0xff, 1053 & 0xff, 1053 >> 8, .. Encoding.ASCII.GetBytes(line)], reply);
    }

    [Fact]
    public void AtConnect_WhereTheVisitorSpeaksFirst_IsEmpty()
    {
        foreach (ServiceKind kind in Enum.GetValues<ServiceKind>().Where(kind => kind != ServiceKind.MySql))
            Assert.True(OfflineReply.AtConnect(Away with { Kind = kind }).IsEmpty);
    }

    [Theory]
    [InlineData(ServiceKind.Unknown, "HTTP/1.1 503")]
    [InlineData(ServiceKind.Other, "HTTP/1.1 503")]
    [InlineData(ServiceKind.Http, "HTTP/1.1 503")]
    [InlineData(ServiceKind.Postgres, "E\0")]
    [InlineData(ServiceKind.Redis, "-ERR")]
    [InlineData(ServiceKind.Ssh, "SSH-2.0-")]
    public void For_SilentOrUnknown_IsWhatTheDeclaredKindExpects(ServiceKind kind, string start)
    {
        OfflineContext context = Away with { Kind = kind };
        Assert.StartsWith(start, Text(OfflineReply.For(VisitorProtocol.Undecided, context)), StringComparison.Ordinal);
        Assert.StartsWith(start, Text(OfflineReply.For(VisitorProtocol.Unknown, context)), StringComparison.Ordinal);
    }

    [Fact]
    public void For_EveryContextAndProtocol_FitsWhatAVisitorReadsAtOnce()
    {
        foreach (VisitorProtocol protocol in Enum.GetValues<VisitorProtocol>())
        {
            foreach (OfflineReason reason in Enum.GetValues<OfflineReason>())
                Assert.InRange(OfflineReply.For(protocol, new OfflineContext(65535, reason)).Length, 0, 512);
        }
    }

    [Fact]
    public void ReasonOf_EveryRefusal_AlsoAnUnknownOne_IsMapped()
    {
        Assert.Equal(OfflineReason.LocalServiceRefused, OfflineContext.ReasonOf(RefusedReason.ConnectionRefused));
        Assert.Equal(OfflineReason.LocalServiceTimedOut, OfflineContext.ReasonOf(RefusedReason.TimedOut));
        Assert.Equal(OfflineReason.LocalServiceUnreachable, OfflineContext.ReasonOf(RefusedReason.Unreachable));
        Assert.Equal(OfflineReason.ClientBusy, OfflineContext.ReasonOf(RefusedReason.ClientBusy));
        Assert.Equal(OfflineReason.LocalServiceUnreachable, OfflineContext.ReasonOf((RefusedReason)99));
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.Latin1.GetString(bytes.Span);
}
