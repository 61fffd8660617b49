using System.Text;
using Rabbit.Protocol.Legacy;
using Xunit;

namespace Rabbit.Tests.Protocol.Legacy;

public sealed class LegacyMessagesTests
{
    private static readonly Guid Id = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    [Fact]
    public void Success_Is_ByteExact() =>
        Assert.Equal("SUCCESS:00112233445566778899aabbccddeeff:12345\n"u8, LegacyMessages.Success(Id, 12345));

    [Fact]
    public void Connect_Is_OneBuffer() =>
        Assert.Equal("CONNECT\nCONN_ID:00112233445566778899aabbccddeeff\n"u8, LegacyMessages.Connect(Id));

    [Fact]
    public void Error_AnyMessage_IsOneCappedLineOfPrintableAscii()
    {
        Assert.Equal("ERROR:Token has expired\n"u8, LegacyMessages.Error("Token has expired"));
        Assert.Equal("ERROR:a  SUCCESS:1:2 ?\n"u8, LegacyMessages.Error("a\r\nSUCCESS:1:2\té"));
        string line = Encoding.ASCII.GetString(LegacyMessages.Error(new string('x', 5000)));
        Assert.Equal("ERROR:" + new string('x', LegacyMessages.ErrorLength) + "\n", line);
    }

    [Fact]
    public void TryParseData_OwnId_ComesBack()
    {
        Assert.True(LegacyMessages.TryParseData("DATA:00112233445566778899aabbccddeeff", out Guid id));
        Assert.Equal(Id, id);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("DATA:")]
    [InlineData("DATA:00112233-4455-6677-8899-aabbccddeeff")]
    [InlineData("DATA:00112233445566778899aabbccddeeff ")]
    [InlineData("DATA:00112233445566778899aabbccddeef")]
    [InlineData("data:00112233445566778899aabbccddeeff")]
    [InlineData("00112233445566778899aabbccddeeff")]
    public void TryParseData_Malformed_IsRefused(string? line) => Assert.False(LegacyMessages.TryParseData(line, out _));
}
