using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using BenchmarkDotNet.Attributes;
using Rabbit.Protocol.Legacy;

namespace Rabbit.Benchmarks.Legacy;

/// <summary>The line with which a legacy client opens each data channel, found and checked; one operation is one line.</summary>
public class LegacyLineBenchmarks
{
    private const int Lines = 64;

    private readonly ReadOnlySequence<byte> _arrived = new(Encoding.ASCII.GetBytes(
        string.Concat(Enumerable.Repeat("DATA:00112233445566778899aabbccddeeff\n", Lines))));

    [Benchmark(OperationsPerInvoke = Lines)]
    public async Task<int> ReadLineAsync()
    {
        var input = PipeReader.Create(_arrived);
        int sum = 0;
        while (await input.ReadLineAsync() is { } line)
            sum += line.Length;
        await input.CompleteAsync();
        return sum;
    }
}
