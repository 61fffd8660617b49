using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Hold;

/// <summary>A client whose machine has vanished looks connected for a while; visitors of that while wait for it too.</summary>
public sealed class HoldVanishedClientTests
{
    private const int Bytes = 100_000;
    private static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(6);

    [Fact]
    [Trait("Property", "P27")]
    [Trait("Property", "P30")]
    public async Task ClientVanished_VisitorWhoComesBeforeAnybodyNotices_IsServedWhenItIsBack()
    {
        await using NetworkPair network = await NetworkPair.CreateAsync();
        await using Installation installation = Installation.CreateAt(NetworkPair.NearAddress);
        // A visitor would be told after three seconds that it gets no channel, which is before the client is known to be gone.
        RabbitProcess server = await installation.StartOnAsync(
            network.OnNear, ("RABBIT_HEARTBEAT_INTERVAL", "00:00:02"), ("RABBIT_DEAD_AFTER", $"{DeadAfter}"), ("RABBIT_CHANNEL_TIMEOUT", "00:00:03"));
        var (connection, port) = await server.ReadFirstStepsAsync();
        await using (RabbitDbContext database = installation.OpenDatabaseToWrite())
            await database.Tokens.ExecuteUpdateAsync(token => token.SetProperty(row => row.HoldSeconds, 120), TestContext.Current.CancellationToken);
        int servicePort = ReservedPorts.Take(1);
        await using RunningProcess service = PythonPeer.Start("service", network.OnFar, PythonPeer.Echo, $"{servicePort}");
        await service.WaitForLineAsync("ready", HoldRig.Soon);
        string far = (ConnectionUri.Parse(connection) with { Host = NetworkPair.NearAddress }).Reveal();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectOnAsync(network.OnFar, far, "127.0.0.1", servicePort);
        await using (RunningProcess first = Visit())
            await AssertEchoesAsync(first);

        int mark = server.Process.Mark;
        await network.CutAsync(toNear: true, toFar: true);
        await using RunningProcess visitor = Visit();
        await server.Process.WaitForLineAsync($"Tunnel client left port {port}", DeadAfter * 5, mark);
        Assert.False(visitor.HasExited, visitor.Transcript());
        await network.HealAsync();
        await AssertEchoesAsync(visitor);

        RunningProcess Visit() => PythonPeer.Start("visitor", network.OnNear, PythonPeer.Visit, NetworkPair.NearAddress, $"{port}", $"{Bytes}");
    }

    private static async Task AssertEchoesAsync(RunningProcess visitor)
    {
        await visitor.WaitForExitAsync(HoldRig.Soon);
        Assert.Equal(["echoed"], visitor.Lines);
    }
}
