using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Rabbit.Protocol;
using Rabbit.Protocol.Proxy;
using Xunit;

namespace Rabbit.Tests.Protocol.Proxy;

public sealed class ProxyHeaderTests
{
    private static readonly byte[] Behind = "behind it"u8.ToArray();

    public static TheoryData<string, string, string> Lines { get; } = new()
    {
        { "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n", "192.0.2.1:56324", "198.51.100.2:443" },
        { "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535", "255.255.255.255:65535" },
        { "PROXY TCP6 2001:db8::1 2001:db8::2 0 1\r\n", "[2001:db8::1]:0", "[2001:db8::2]:1" },
        { "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
        { "PROXY UNKNOWN\r\n", "", "" },
        { "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", "", "" },
    };

    public static TheoryData<string> NoLines { get; } =
    [
        "GET / HTTP/1.1\r\n\r\n", "proxy TCP4 1.2.3.4 1.2.3.4 1 1\r\n", "PROXY\r\n", "PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 1\r\n", "PROXY TCP4 1.2.3 1.2.3.4 1 1\r\n", "PROXY TCP4 1.2.3.04 1.2.3.4 1 1\r\n", "PROXY TCP4 0x7f.1 1.2.3.4 1 1\r\n",
        "PROXY TCP4 ::1 ::1 1 1\r\n", "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n", "PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n", "PROXY TCP6 [::1] ::1 1 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n",
        "PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n", "PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\r\n", "PROXY UNKNOWN" + new string('x', 107),
        "\r\n\r\n\0\r\nQUIT\r", "\r\n\r\n\0\r\nQUIT\n\u0031\u0011\0\u000c123456789012", "\r\n\r\n\0\r\nQUIT\n\u0022\u0011\0\u000c123456789012",
        "\r\n\r\n\0\r\nQUIT\n\u0021\u0012\0\u000c123456789012", "\r\n\r\n\0\r\nQUIT\n\u0021\u0011\0\u000b12345678901", "\r\n\r\n\0\r\nQUIT\n\u0021\u0021\0\u000c123456789012",
        "\r\n\r\n\0\r\nQUIT\n\u0020\0\u0010\0",
    ];

    [Theory]
    [MemberData(nameof(Lines))]
    public void TryRead_Line_InAnySegmentation_GivesBothEnds(string line, string source, string destination) =>
        AssertReads(Encoding.ASCII.GetBytes(line), source, destination);

    [Fact]
    public void TryRead_Binary_InAnySegmentation_GivesBothEnds()
    {
        byte[] fixedPart = [.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x11, 0, 12];
        byte[] ends = [192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 0x01, 0xbb];
        AssertReads([.. fixedPart, .. ends], "192.0.2.1:56324", "198.51.100.2:443");

        // With extensions behind the addresses, here a name that a TLS client has asked for.
        fixedPart[15] += 7;
        AssertReads([.. fixedPart, .. ends, 0x02, 0, 4, (byte)'n', (byte)'a', (byte)'m', (byte)'e'], "192.0.2.1:56324", "198.51.100.2:443");

        // For itself, a health check say, whatever the family.
        fixedPart[12] = 0x20;
        fixedPart[15] = 12;
        AssertReads([.. fixedPart, .. ends], "", "");
        AssertReads([.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x20, 0, 0, 0], "", "");
        AssertReads([.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0, 0, 0], "", "");
        AssertReads([.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x31, 0, 216, .. new byte[216]], "", "");
    }

    [Theory]
    [InlineData("192.0.2.1:1", "198.51.100.2:65535")]
    [InlineData("[2001:db8::1]:1", "[2001:db8::2]:65535")]
    public void Encode_EitherVersion_ReadsBack(string source, string destination)
    {
        var header = new ProxyHeader(IPEndPoint.Parse(source), IPEndPoint.Parse(destination));
        AssertReads(header.Encode(ProxyVersion.Text), source, destination);
        AssertReads(header.Encode(ProxyVersion.Binary), source, destination);
    }

    [Fact]
    public void Encode_EndsOfTwoFamilies_AreBothIPv6()
    {
        var header = new ProxyHeader(IPEndPoint.Parse("192.0.2.1:1"), IPEndPoint.Parse("[2001:db8::2]:2"));
        Assert.Equal("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1 2\r\n", Encoding.ASCII.GetString(header.Encode(ProxyVersion.Text)));
        AssertReads(header.Encode(ProxyVersion.Binary), "[::ffff:192.0.2.1]:1", "[2001:db8::2]:2");
    }

    [Fact]
    public void Encode_UnknownEnds_SaysSo()
    {
        Assert.Equal("PROXY UNKNOWN\r\n", Encoding.ASCII.GetString(default(ProxyHeader).Encode(ProxyVersion.Text)));
        AssertReads(default(ProxyHeader).Encode(ProxyVersion.Binary), "", "");
    }

    [Theory]
    [MemberData(nameof(NoLines))]
    public void TryRead_NoHeader_IsToldInAnySegmentation(string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        foreach (ReadOnlySequence<byte> cut in Segments.EveryCut(bytes))
        {
            Assert.Throws<ProtocolException>(() =>
            {
                ReadOnlySequence<byte> buffer = cut;
                return ProxyHeader.TryRead(ref buffer, out _);
            });
        }
        // And never taken for one before it is whole.
        for (int length = 0; length < bytes.Length; length++)
        {
            var buffer = new ReadOnlySequence<byte>(bytes, 0, length);
            try
            {
                Assert.False(ProxyHeader.TryRead(ref buffer, out _));
            }
            catch (ProtocolException)
            {
                break;
            }
        }
    }

    [Fact]
    public async Task ReadAsync_LeavesWhatIsBehindIt()
    {
        PipeReader input = PipeReader.Create(new ReadOnlySequence<byte>([.. "PROXY UNKNOWN\r\n"u8, .. Behind]));
        Assert.Equal(default(ProxyHeader), await ProxyHeader.ReadAsync(input, TestContext.Current.CancellationToken));
        ReadResult rest = await input.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Behind, rest.Buffer.ToArray());
    }

    [Fact]
    public async Task ReadAsync_NothingOrACutHeader_IsToldApart()
    {
        PipeReader nothing = PipeReader.Create(ReadOnlySequence<byte>.Empty);
        Assert.Null(await ProxyHeader.ReadAsync(nothing, TestContext.Current.CancellationToken));
        PipeReader cut = PipeReader.Create(new ReadOnlySequence<byte>("PROXY TC"u8.ToArray()));
        await Assert.ThrowsAsync<ProtocolException>(async () => await ProxyHeader.ReadAsync(cut, TestContext.Current.CancellationToken));
    }

    private static void AssertReads(byte[] header, string source, string destination)
    {
        foreach (ReadOnlySequence<byte> cut in Segments.EveryCut([.. header, .. Behind]))
        {
            ReadOnlySequence<byte> buffer = cut;
            Assert.True(ProxyHeader.TryRead(ref buffer, out ProxyHeader read));
            Assert.Equal(source, $"{read.Source}");
            Assert.Equal(destination, $"{read.Destination}");
            Assert.Equal(Behind, buffer.ToArray());
        }
        for (int length = 0; length < header.Length; length++)
        {
            var buffer = new ReadOnlySequence<byte>(header, 0, length);
            Assert.False(ProxyHeader.TryRead(ref buffer, out _));
            Assert.Equal(length, buffer.Length);
        }
    }
}
