using BenchmarkDotNet.Attributes;

namespace Rabbit.Benchmarks.Relay;

/// <summary>A stream through the relay; one operation is one MiB. 1,000 us a MiB are 1.05 GB/s.</summary>
public class RelayBurstBenchmarks
{
    private const int Mebibyte = 1024 * 1024;
    private const int BurstMebibytes = 64;
    private const int Chunk = 256 * 1024;

    private readonly byte[] _sent = new byte[Chunk];
    private readonly byte[] _received = new byte[Chunk];
    private RelayPath? _path;

    [ParamsAllValues]
    public RelayKind Kind { get; set; }

    [GlobalSetup]
    public async Task StartAsync() => _path = await RelayPath.StartAsync(Kind);

    [GlobalCleanup]
    public async Task StopAsync() => await _path!.StopAsync();

    /// <summary>From the visitor to the service.</summary>
    [Benchmark(OperationsPerInvoke = BurstMebibytes)]
    public async Task BurstAsync()
    {
        // On the pool, so that whoever finds a socket ready at once does not hold up the other end.
        Task sending = Task.Run(SendAsync);
        for (long received = 0; received < (long)BurstMebibytes * Mebibyte;)
        {
            int count = await _path!.Service.ReceiveAsync(_received);
            if (count == 0)
                throw new InvalidOperationException("The relay ended in the middle of a burst.");
            received += count;
        }
        await sending;
    }

    private async Task SendAsync()
    {
        for (int sent = 0; sent < BurstMebibytes * Mebibyte; sent += Chunk)
            await _path!.Visitor.SendAsync(_sent);
    }
}
