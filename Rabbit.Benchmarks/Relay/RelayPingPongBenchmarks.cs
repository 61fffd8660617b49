using BenchmarkDotNet.Attributes;
using Rabbit.Protocol.Transport;

namespace Rabbit.Benchmarks.Relay;

/// <summary>64 bytes to the service and back through the relay; one operation is one round trip.</summary>
public class RelayPingPongBenchmarks
{
    private const int RoundTrips = 256;
    private const int MessageLength = 64;

    private readonly byte[] _message = new byte[MessageLength];
    private RelayPath? _path;
    private Task _echo = Task.CompletedTask;

    [ParamsAllValues]
    public RelayKind Kind { get; set; }

    [GlobalSetup]
    public async Task StartAsync()
    {
        _path = await RelayPath.StartAsync(Kind);
        _echo = EchoAsync(_path.Service);
    }

    [GlobalCleanup]
    public async Task StopAsync()
    {
        await _path!.StopAsync();
        await _echo.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Its connection was reset.
    }

    [Benchmark(OperationsPerInvoke = RoundTrips)]
    public async Task PingPongAsync()
    {
        RelayEnd visitor = _path!.Visitor;
        for (int i = 0; i < RoundTrips; i++)
        {
            await visitor.SendAsync(_message);
            for (int received = 0; received < MessageLength;)
            {
                int count = await visitor.ReceiveAsync(_message.AsMemory(received));
                if (count == 0)
                    throw new InvalidOperationException("The relay ended in the middle of a round trip.");
                received += count;
            }
        }
    }

    private static async Task EchoAsync(RelayEnd service)
    {
        byte[] buffer = new byte[MessageLength];
        int count;
        while ((count = await service.ReceiveAsync(buffer)) > 0)
            await service.SendAsync(buffer.AsMemory(0, count));
    }
}
