using System.Buffers;
using System.Text;
using Rabbit.Tests.Protocol;
using Rabbit.Tunneling.OfflineReplies;
using Xunit;

namespace Rabbit.Tests.Tunneling.OfflineReplies;

public sealed class HttpHeadTests
{
    private const string Browser =
        "GET /a HTTP/1.1\r\nHost: x\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nCookie: a=b\r\n\r\n";

    [Theory]
    [InlineData(Browser, true)]
    [InlineData("GET http://x/ HTTP/1.1\r\naccept:Text/HTML\r\n\r\n", true)]
    [InlineData("GET / HTTP/1.0\nACCEPT:  application/json , text/html;level=1;q=0.1\n\n", true)]
    [InlineData("POST / HTTP/1.1\r\nAccept: application/json\r\nAccept: text/html\r\n\r\n{}", true)]
    [InlineData("GET / HTTP/1.1\r\nAccept: application/xhtml+xml\r\n\r\n", true)]
    [InlineData("GET / HTTP/1.1\r\nAccept: text/html;q=nonsense\r\n\r\n", true)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n", false)]
    [InlineData("GET / HTTP/1.1\r\nAccept: text/html;q=0\r\n\r\n", false)]
    [InlineData("GET / HTTP/1.1\r\nAccept: text/html; q=0.000, text/plain\r\n\r\n", false)]
    [InlineData("GET / HTTP/1.1\r\nX-Accept: text/html\r\n\r\n", false)]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\nAccept: text/html\r\n\r\n", false)]
    [InlineData("GET / HTTP/1.1\r\nAccept\r\n: text/html\r\n\r\n", false)]
    [InlineData("GET /\r\n", false)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", false)]
    public void Read_WholeHead_SaysWhetherHtmlIsWanted_InAnySegmentation(string request, bool wantsHtml)
    {
        foreach (ReadOnlySequence<byte> cut in Segments.EveryCut(Encoding.Latin1.GetBytes(request)))
            Assert.Equal(new HttpHead(IsWhole: true, wantsHtml), HttpHead.Read(cut));
    }

    [Fact]
    public void Read_PartOfAHead_IsNotWhole()
    {
        byte[] bytes = Encoding.ASCII.GetBytes(Browser);
        for (int length = 0; length < bytes.Length; length++)
            Assert.False(HttpHead.Read(new ReadOnlySequence<byte>(bytes, 0, length)).IsWhole, $"{length} bytes");
    }

    [Fact]
    public void Read_HeadWithoutAnEnd_IsWholeAtTheLimit()
    {
        byte[] endless = Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n" + new string('x', HttpHead.MaxLength));
        Assert.True(HttpHead.Read(new ReadOnlySequence<byte>(endless, 0, HttpHead.MaxLength)).IsWhole);
        Assert.False(HttpHead.Read(new ReadOnlySequence<byte>(endless, 0, HttpHead.MaxLength - 1)).IsWhole);
    }
}
