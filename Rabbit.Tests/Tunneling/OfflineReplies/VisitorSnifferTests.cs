using System.Buffers;
using System.Text;
using Rabbit.Tests.Protocol;
using Rabbit.Tunneling.OfflineReplies;
using Xunit;

namespace Rabbit.Tests.Tunneling.OfflineReplies;

public sealed class VisitorSnifferTests
{
    /// <summary>A first message in Latin-1, what it is, and after how many bytes that is known.</summary>
    public static TheoryData<string, string, int> FirstMessages { get; } = new()
    {
        { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", nameof(VisitorProtocol.Http), 5 },
        { "GET http://x/ HTTP/1.1\r\n", nameof(VisitorProtocol.Http), 8 },
        { "get /\r\n", nameof(VisitorProtocol.Http), 5 },
        { "HEAD / HTTP/1.0\r\n\r\n", nameof(VisitorProtocol.HttpHead), 5 },
        { "POST /x HTTP/1.1\r\n", nameof(VisitorProtocol.Http), 6 },
        { "OPTIONS * HTTP/1.1\r\n", nameof(VisitorProtocol.Http), 9 },
        { "CONNECT host:443 HTTP/1.1\r\n", nameof(VisitorProtocol.Http), 9 },
        { "PROPFIND /dav HTTP/1.1\r\n", nameof(VisitorProtocol.Http), 10 },
        { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", nameof(VisitorProtocol.Http), 5 },
        { "\0\0\0\x08\x04\xd2\x16\x2f", nameof(VisitorProtocol.PostgresSslRequest), 8 },
        { "\0\0\0\x08\x04\xd2\x16\x30", nameof(VisitorProtocol.PostgresGssRequest), 8 },
        { "\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x01\0\0\0\x02", nameof(VisitorProtocol.PostgresCancel), 8 },
        { "\0\0\0\x14\0\x03\0\0user\0root\0\0", nameof(VisitorProtocol.Postgres), 8 },
        { "\0\0\0\x14\0\x03\0\x02user\0root\0\0", nameof(VisitorProtocol.Postgres), 8 },
        { "\0\0\0\x14\0\x02\0\0", nameof(VisitorProtocol.Unknown), 8 },
        { "\0\0\0\x07\0\x03\0\0", nameof(VisitorProtocol.Unknown), 4 },
        { "\0\0\0\x14\x01", nameof(VisitorProtocol.Unknown), 5 },
        { "\0\x01\0\0", nameof(VisitorProtocol.Unknown), 2 },
        { "*1\r\n$4\r\nPING\r\n", nameof(VisitorProtocol.Redis), 2 },
        { "*x", nameof(VisitorProtocol.Unknown), 2 },
        { "PING\r\n", nameof(VisitorProtocol.Redis), 5 },
        { "ping\n", nameof(VisitorProtocol.Redis), 5 },
        { "auth secret\r\n", nameof(VisitorProtocol.Redis), 6 },
        { "HELLO 3\r\n", nameof(VisitorProtocol.Redis), 7 },
        { "GET key\r\n", nameof(VisitorProtocol.Redis), 5 },
        { "GET hash\r\n", nameof(VisitorProtocol.Redis), 6 },
        { "SSH-2.0-OpenSSH_9.2\r\n", nameof(VisitorProtocol.Ssh), 4 },
        { "\x16\x03\x01\x02\0\x01", nameof(VisitorProtocol.Tls), 2 },
        { "\x16\x02", nameof(VisitorProtocol.Unknown), 2 },
        { "RBT\x02\0\0\0\x05", nameof(VisitorProtocol.NativeClient), 4 },
        { "RBT\x03", nameof(VisitorProtocol.NativeClient), 4 },
        { "RBT\r\n", nameof(VisitorProtocol.Unknown), 4 },
        { "rbt_abcdefghijkl_", nameof(VisitorProtocol.LegacyClient), 4 },
        { "EHLO mail\r\n", nameof(VisitorProtocol.Unknown), 6 },
        { "HELLO?", nameof(VisitorProtocol.Unknown), 6 },
        { "abcdefghijklmnopqrstuvwxyz", nameof(VisitorProtocol.Unknown), 21 },
        { "\r\n", nameof(VisitorProtocol.Unknown), 1 },
        { "\xff\xfb", nameof(VisitorProtocol.Unknown), 1 },
    };

    [Theory]
    [MemberData(nameof(FirstMessages))]
    public void Sniff_ByteByByte_DecidesAsEarlyAsItCanAndStaysWithIt(string message, string expected, int decidedAt)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(message);
        for (int length = 0; length <= bytes.Length; length++)
        {
            VisitorProtocol found = VisitorSniffer.Sniff(new ReadOnlySequence<byte>(bytes, 0, length));
            Assert.Equal(length < decidedAt ? nameof(VisitorProtocol.Undecided) : expected, found.ToString());
        }
    }

    [Theory]
    [MemberData(nameof(FirstMessages))]
    public void Sniff_EveryCut_DecidesTheSame(string message, string expected, int decidedAt)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(message);
        Assert.InRange(decidedAt, 1, bytes.Length);
        foreach (ReadOnlySequence<byte> cut in Segments.EveryCut(bytes))
            Assert.Equal(expected, VisitorSniffer.Sniff(cut).ToString());
    }

    [Fact]
    public void Sniff_BehindAPostgresRequest_GoesOnWithTheNextMessage()
    {
        var both = new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes("\0\0\0\x08\x04\xd2\x16\x2f\0\0\0\x14\0\x03\0\0"));
        Assert.Equal(VisitorProtocol.PostgresSslRequest, VisitorSniffer.Sniff(both));
        Assert.Equal(VisitorProtocol.Postgres, VisitorSniffer.Sniff(both.Slice(VisitorSniffer.PostgresRequestLength)));
    }

    [Fact]
    public void Sniff_RandomBytesUpToTheLookAhead_AlwaysDecides()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        const string Alphabet = "\0\x03\x04\x16*19GETgetHEADrbt_RBTSH- /http:\r\n\xff";
        byte[] bytes = new byte[VisitorSniffer.LookAhead];
        for (int round = 0; round < 20_000; round++)
        {
            for (int i = 0; i < bytes.Length; i++)
                bytes[i] = (byte)Alphabet[random.Next(Alphabet.Length)];
            Assert.True(VisitorSniffer.Sniff(new ReadOnlySequence<byte>(bytes)) != VisitorProtocol.Undecided, $"seed {seed}");
        }
    }
}
