using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Rabbit.Tunneling.ControlPort;
using Xunit;

namespace Rabbit.Tests.Tunneling.ControlPort;

public sealed class ControlProtocolDetectorTests
{
    public static TheoryData<string, string> Openings => new()
    {
        { "\x16\x03\x01\x02\x00\x01", nameof(ControlProtocol.Tls) },
        { "RBT\x02\x00\x00\x00\x10\x01", nameof(ControlProtocol.Native) },
        { "RBT\x03\x00\x00\x00\x10\x01", nameof(ControlProtocol.NativeOtherVersion) },
        { "RBTX\n3000\n", nameof(ControlProtocol.Legacy) },
        { "rbt_abc_def\n3000\n", nameof(ControlProtocol.Legacy) },
        { "0123456789abcdef\n3000\n", nameof(ControlProtocol.Legacy) },
        { "DATA:123\n", nameof(ControlProtocol.Legacy) },
        { "TOKENTOKEN\n3000\n", nameof(ControlProtocol.Legacy) },
        { "GET / HTTP/1.1\r\n", nameof(ControlProtocol.Http) },
        { "OPTIONS * HTTP/1.1\r\n", nameof(ControlProtocol.Http) },
        { "\0\0\0\x08\x04\xd2\x16\x2f", nameof(ControlProtocol.Unknown) },
        { "\x80\x2e\x01\x00", nameof(ControlProtocol.Unknown) },
        { "", nameof(ControlProtocol.Ended) },
        { "RB", nameof(ControlProtocol.Ended) },
    };

    [Theory]
    [MemberData(nameof(Openings))]
    public async Task Detect_InAnySegmentation_TellsTheProtocolAndConsumesNothing(string opening, string expected)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(opening);
        for (int step = 1; step <= Math.Max(1, bytes.Length); step++)
        {
            var pipe = new Pipe();
            Task<ControlProtocol> detecting = ControlProtocolDetector.DetectAsync(pipe.Reader, TestContext.Current.CancellationToken).AsTask();
            foreach (byte[] part in bytes.Chunk(step))
                await pipe.Writer.WriteAsync(part, TestContext.Current.CancellationToken);
            await pipe.Writer.CompleteAsync();
            Assert.Equal(expected, (await detecting).ToString());

            ReadResult rest = await pipe.Reader.ReadAtLeastAsync(bytes.Length + 1, TestContext.Current.CancellationToken);
            Assert.Equal(bytes, rest.Buffer.ToArray());
        }
    }
}
