using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>More connections than there are descriptors for.</summary>
[Trait("Property", "P38")]
public sealed class DescriptorShortageTests
{
    private const int Limit = 1200;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Visitors_MoreThanHalfTheDescriptors_AreToldSo_WhileAllElseWorks()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartOnAsync(["prlimit", $"--nofile={Limit}:{Limit}"]);
        TestToken token = await server.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);

        var visitors = new List<Socket>();
        try
        {
            string? refusal = null;
            while (refusal is null)
            {
                Assert.True(visitors.Count < Limit, "Nobody was refused.");
                Socket visitor = await SocketConversation.ConnectAsync(token.Port);
                visitors.Add(visitor);
                refusal = await RefusalAsync(visitor);
            }
            Assert.StartsWith("HTTP/1.1 503 ", refusal, StringComparison.Ordinal);
            Assert.Contains($"Tunnel port {token.Port} takes no more visitors at the moment.", refusal, StringComparison.Ordinal);
            Assert.InRange(Descriptors(server), Limit / 2, Limit * 6 / 10);

            // A crowd that comes and stays: still the server is not out of descriptors.
            for (int i = 0; i < Limit; i++)
                await CrowdInAsync(token.Port, visitors);
            Assert.InRange(Descriptors(server), Limit / 2, Limit * 8 / 10);

            // The API, a new tunnel, and those who were there before go on.
            TestToken another = await server.CreateTokenAsync();
            using NativePeer peer = await NativePeer.LoginAsync(server.ControlPort, another);
            await visitors[0].SendAllAsync("still");
            Assert.Equal("still"u8.ToArray(), await visitors[0].ReadExactlyAsync(5));
            Assert.DoesNotContain(server.Process.Lines, line => line.Contains("Cannot accept", StringComparison.Ordinal));
        }
        finally
        {
            visitors.ForEach(visitor => visitor.Reset());
        }
        // But for the channels that are kept ready for a while after such a crowd.
        await Eventually.BecomesAsync(() => Descriptors(server), open => open < Limit * 4 / 10, Soon, "the descriptors are back");
        using Socket next = await SocketConversation.ConnectAsync(token.Port);
        Assert.Null(await RefusalAsync(next));
    }

    [Fact]
    public async Task NoDescriptorLeft_IsOneLogLineASecond_AndOverWhenThereAreSome()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await server.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        using Socket before = await SocketConversation.ConnectAsync(token.Port);
        Assert.Null(await RefusalAsync(before));
        await Eventually.BecomesAsync(() => installation.VisitsAsync(token.Port), rows => rows is [{ BytesFromVisitor: > 0 }], Soon, "the visitor is logged");

        // Taken away from the running server, so that what is to prevent this knows nothing of it.
        await LimitAsync(server, Descriptors(server));
        var waiting = new List<Socket>();
        for (int i = 0; i < 50; i++)
            waiting.Add(await SocketConversation.ConnectAsync(i % 2 == 0 ? token.Port : server.ControlPort));
        int mark = server.Process.Mark;
        await server.Process.WaitForLineAsync("Cannot accept", Soon);
        TimeSpan cpuBefore = CpuTime(server);
        long started = TimeProvider.System.GetTimestamp();
        await server.Process.WaitForLineAsync("Cannot accept", Soon, server.Process.Mark);
        await server.Process.WaitForLineAsync("Cannot accept", Soon, server.Process.Mark);
        TimeSpan took = TimeProvider.System.GetElapsedTime(started);
        TimeSpan cpu = CpuTime(server) - cpuBefore;
        await before.SendAllAsync("what is open goes on");
        await before.ReadExactlyAsync(20);

        await LimitAsync(server, 20_000);
        Assert.Null(await RefusalAsync(waiting[^2]));
        waiting.ForEach(socket => socket.Dispose());
        await server.CreateTokenAsync();
        Assert.True(cpu < took * 0.7, $"It spun: {cpu.TotalSeconds:0.0} s of processor time in {took.TotalSeconds:0.0} s.");
        TimeSpan[] lines = [.. server.Process.Lines.Skip(mark).Where(line => line.Contains("Cannot accept", StringComparison.Ordinal))
            .Select(line => DateTimeOffset.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture).TimeOfDay)];
        Assert.All(lines.Zip(lines.Skip(1)), pair => Assert.True(pair.Second - pair.First > TimeSpan.FromSeconds(0.9), "Two lines within a second."));
    }

    /// <summary>What a visitor is told when it is turned away; null when it gets through to the echo.</summary>
    private static async Task<string?> RefusalAsync(Socket visitor)
    {
        const string Request = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
        await visitor.SendAllAsync(Request);
        byte[] start = await visitor.ReadExactlyAsync(5);
        if (Encoding.ASCII.GetString(start) != "HTTP/")
        {
            await visitor.ReadExactlyAsync(Request.Length - start.Length);
            return null;
        }
        return "HTTP/" + Encoding.ASCII.GetString(await visitor.ReadToEndAsync());
    }

    private static async Task CrowdInAsync(int port, List<Socket> crowd)
    {
        try
        {
            crowd.Add(await SocketConversation.ConnectAsync(port));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Dropped before it was there.
        }
    }

    private static async Task LimitAsync(RabbitProcess server, int limit)
    {
        await using RunningProcess prlimit = RunningProcess.Start("prlimit", "prlimit", ["--pid", $"{server.Process.Id}", $"--nofile={limit}:20000"]);
        Assert.Equal(0, await prlimit.WaitForExitAsync(Soon));
    }

    private static int Descriptors(RabbitProcess server) => Directory.GetFileSystemEntries($"/proc/{server.Process.Id}/fd").Length;

    private static TimeSpan CpuTime(RabbitProcess server)
    {
        using var process = System.Diagnostics.Process.GetProcessById(server.Process.Id);
        return process.TotalProcessorTime;
    }
}
