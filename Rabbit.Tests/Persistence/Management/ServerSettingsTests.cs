using System.Runtime.Versioning;
using Rabbit.Persistence.Management;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Persistence.Management;

public sealed class ServerSettingsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Trait("Property", "P22")]
    public async Task SetPortRange_WhileRunning_HoldsForTheNextTokenAndLeavesOthersTheirPorts(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        var settings = rig.Get<ServerSettings>();
        Assert.Equal(new PortRange(10000, 20000), await settings.ReadPortRangeAsync(Cancellation));
        CreatedToken before = await rig.CreateTokenAsync();

        Assert.Equal("", (await settings.SetPortRangeAsync(new PortRange(300, 301), Cancellation)).Sentence);
        Assert.Equal(new PortRange(300, 301), await settings.ReadPortRangeAsync(Cancellation));
        Assert.Equal(300, (await rig.CreateTokenAsync()).Token.Port);
        Assert.Equal(10000, (await rig.Tokens.FindTokenAsync(before.Text.Id, Cancellation))?.Port);
    }

    [Theory, OnBothDatabases]
    public async Task SetPortRange_NoRange_IsASentenceAndChangesNothing(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        var settings = rig.Get<ServerSettings>();
        foreach (var (first, last) in new[] { (0, 5), (9, 5), (1, 65536), (-1, -1) })
        {
            ManagementResult<SettingValues> refused = await settings.SetPortRangeAsync(new PortRange(first, last), Cancellation);
            Assert.Equal(ManagementError.Invalid, refused.Error);
            Assert.Contains("from 1 to 65535, the lower first", refused.Sentence, StringComparison.Ordinal);
        }
        Assert.Equal(new PortRange(10000, 20000), await settings.ReadPortRangeAsync(Cancellation));
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task ReadPortRange_OverlapsTheKernels_WarnsOnceForEachRange()
    {
        string[] kernel = (await File.ReadAllTextAsync("/proc/sys/net/ipv4/ip_local_port_range", Cancellation)).Split();
        int inside = int.Parse(kernel[0], null) + 1;
        await using StoreRig rig = await StoreRig.StartAsync(TestDatabaseKind.Sqlite);
        var settings = rig.Get<ServerSettings>();
        await settings.SetPortRangeAsync(new PortRange(1, 5), Cancellation);
        await settings.ReadPortRangeAsync(Cancellation);
        Assert.DoesNotContain(rig.Log.Lines, line => line.Contains("overlap", StringComparison.Ordinal));

        await settings.SetPortRangeAsync(new PortRange(inside, inside), Cancellation);
        await rig.CreateTokenAsync();
        await settings.ReadPortRangeAsync(Cancellation);
        await settings.ReadPortRangeAsync(Cancellation);
        string warning = Assert.Single(rig.Log.Lines, line => line.Contains("overlap", StringComparison.Ordinal));
        Assert.StartsWith($"The tunnel ports {inside}-{inside} overlap {kernel[0]}-{kernel[1]}", warning, StringComparison.Ordinal);
    }
}
