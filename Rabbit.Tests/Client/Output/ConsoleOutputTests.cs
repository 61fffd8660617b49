using System.IO.Pipelines;
using System.Text;
using Rabbit.Client.Output;
using Xunit;

namespace Rabbit.Tests.Client.Output;

public sealed class ConsoleOutputTests
{
    [Fact]
    public async Task Write_NobodyReads_NeverWaitsAndLaterSaysHowManyWereDropped()
    {
        // The first line is more than the pipe takes, so that its write waits for the reader.
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 16, resumeWriterThreshold: 8, useSynchronizationContext: false));
        await using var output = new ConsoleOutput(pipe.Writer.AsStream(), block: null, TimeProvider.System);
        output.Write(new string('a', 100));
        ReadResult first = await pipe.Reader.ReadAsync(TestContext.Current.CancellationToken); // It is being written; nothing is taken yet.
        pipe.Reader.AdvanceTo(first.Buffer.Start);
        for (int line = 0; line < 5000; line++)
            output.Write($"line {line}");

        using var reader = new StreamReader(pipe.Reader.AsStream(), Encoding.UTF8);
        Assert.Equal(new string('a', 100), await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        for (int line = 0; line < 4096; line++)
            Assert.Equal($"line {line}", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal("(904 lines were dropped, since nobody read them in time)", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Dispose_LinesThatWait_AreWrittenFirst()
    {
        using var stream = new MemoryStream();
        await using (var output = new ConsoleOutput(stream, block: null, TimeProvider.System))
        {
            output.Write("one");
            output.Write("two");
        }
        Assert.Equal("one\ntwo\n", Encoding.UTF8.GetString(stream.ToArray()));
    }
}
