using System.Buffers;
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
    [Trait("Property", "P26")]
    public void For_HttpThatWantsAPage_IsOneThatNeedsNothingElse_OfTheExactLength()
    {
        string reply = Text(OfflineReply.For(VisitorProtocol.Http, Away, asHtml: true));
        string[] parts = reply.Split("\r\n\r\n");
        Assert.Equal(2, parts.Length);
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html; charset=utf-8\r\n", reply, StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Length: {parts[1].Length}\r\nRetry-After: 5\r\n", reply, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Security-Policy: default-src 'none';", parts[0], StringComparison.Ordinal);
        Assert.Contains($"<h1>{What}</h1>", parts[1], StringComparison.Ordinal);
        Assert.Contains($"<p>{Remedy}</p>", parts[1], StringComparison.Ordinal);
        foreach (string foreign in new[] { "script", "src=", "href=", "url(", "@import" })
            Assert.DoesNotContain(foreign, parts[1], StringComparison.OrdinalIgnoreCase);
        Assert.Equal(parts[0] + "\r\n\r\n", Text(OfflineReply.For(VisitorProtocol.HttpHead, Away, asHtml: true)));
    }

    [Fact]
    [Trait("Property", "P13")]
    public void For_OperatorsText_IsEscapedForAPage_AndItsBytesAreCounted()
    {
        OfflineContext own = Away with { OwnMessage = "<b>Zur\u00fcck & \"bald\"</b>", OwnHint = "" };
        string page = Utf8(OfflineReply.For(VisitorProtocol.Http, own, asHtml: true));
        Assert.Contains("<h1>&lt;b&gt;Zur&#252;ck &amp; &quot;bald&quot;&lt;/b&gt;</h1>", page, StringComparison.Ordinal);
        string plain = Utf8(OfflineReply.For(VisitorProtocol.Http, own));
        Assert.EndsWith($"\r\n\r\n{own.OwnMessage}\n\n", plain, StringComparison.Ordinal);
        Assert.Contains($"Content-Length: {Encoding.UTF8.GetByteCount(own.OwnMessage!) + 2}\r\n", plain, StringComparison.Ordinal);
        Assert.Contains($"M{own.OwnMessage}\0H\0\0", Utf8(OfflineReply.For(VisitorProtocol.Postgres, own)), StringComparison.Ordinal);
        Assert.DoesNotContain("bald", Text(OfflineReply.For(VisitorProtocol.Http, own with { Reason = OfflineReason.LocalServiceRefused })), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x", 512, 1024)]
    [InlineData("\"", 1024, OfflineReply.MaxLength)]
    [InlineData("\u5c11", 2048, OfflineReply.MaxLength)]
    public void For_EveryContextAndProtocol_IsBounded(string letter, int most, int mostAsPage)
    {
        string? own = letter == "x" ? null : string.Concat(Enumerable.Repeat(letter, OfflineText.MaxExpandedLength));
        foreach (VisitorProtocol protocol in Enum.GetValues<VisitorProtocol>())
        {
            foreach (OfflineReason reason in Enum.GetValues<OfflineReason>())
            {
                var context = new OfflineContext(65535, reason) { OwnMessage = own, OwnHint = own };
                Assert.InRange(OfflineReply.For(protocol, context).Length, 0, most);
                Assert.InRange(OfflineReply.For(protocol, context, asHtml: true).Length, 0, mostAsPage);
            }
        }
    }

    // The least that a visitor can say to be answered, and what it gets: docs/offline-visitors.md has these figures.
    [Theory]
    [InlineData("", nameof(VisitorProtocol.Undecided), 314)]
    [InlineData("\u00ff", nameof(VisitorProtocol.Unknown), 314)]
    [InlineData("GET /\n", nameof(VisitorProtocol.Http), 314)]
    [InlineData("HEAD / HTTP/1.1\n\n", nameof(VisitorProtocol.HttpHead), 158)]
    [InlineData("GET / HTTP/1.1\nAccept:text/html\n\n", nameof(VisitorProtocol.Http), 874, true)]
    [InlineData("\0\0\0\u0008\0\u0003\0\0", nameof(VisitorProtocol.Postgres), 185)]
    [InlineData("*1", nameof(VisitorProtocol.Redis), 162)]
    [InlineData("SSH-", nameof(VisitorProtocol.Ssh), 200)]
    [InlineData("\u0016\u0003\u0001\0\u0001\0", nameof(VisitorProtocol.Tls), 7)]
    public void For_TheLeastThatIsAnswered_CostsThis(string said, string protocol, int bytes, bool asHtml = false)
    {
        byte[] words = Encoding.Latin1.GetBytes(said);
        Assert.Equal(protocol, VisitorSniffer.Sniff(new ReadOnlySequence<byte>(words)).ToString());
        Assert.Equal(asHtml, HttpHead.Read(new ReadOnlySequence<byte>(words)).WantsHtml);
        Assert.Equal(bytes, OfflineReply.For(Enum.Parse<VisitorProtocol>(protocol), Away, asHtml).Length);
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

    private static string Utf8(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
