using Rabbit.Persistence.Management;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Persistence.Management;

public sealed class EphemeralPortsTests
{
    [Theory]
    [InlineData("32768\t60999\n", "\n", "10000-20000", null)]
    [InlineData("32768\t60999\n", "\n", "10000-32767", null)]
    [InlineData("32768\t60999\n", "\n", "61000-65535", null)]
    [InlineData("32768\t60999\n", "\n", "30000-40000", "32768-40000")]
    [InlineData("32768\t60999\n", "\n", "60999-65535", "60999-60999")]
    [InlineData("32768\t60999\n", "8080,32768-40000\n", "30000-40000", null)]
    [InlineData("32768\t60999\n", "32768-35000,35001,35002-40000\n", "30000-40000", null)]
    [InlineData("32768\t60999\n", "32769-40000\n", "30000-40000", "32768-40000")]
    [InlineData("1024 65535", "", "10000-20000", "10000-20000")]
    public void Warn_RangeAndReservedPorts_NamesWhatOverlaps(string kernel, string reserved, string tunnels, string? overlap)
    {
        using var directory = new TempDirectory();
        File.WriteAllText(directory.File("ip_local_port_range"), kernel);
        File.WriteAllText(directory.File("ip_local_reserved_ports"), reserved);
        Assert.True(PortRange.TryParse(tunnels, out PortRange range));

        string? warning = EphemeralPorts.Read(directory.Path)!.Warn(range);
        if (overlap is null)
        {
            Assert.Null(warning);
            return;
        }
        Assert.Contains($"The tunnel ports {tunnels} overlap {kernel.Trim().Replace('\t', '-').Replace(' ', '-')},", warning, StringComparison.Ordinal);
        Assert.Contains($"add {overlap} to the sysctl net.ipv4.ip_local_reserved_ports.", warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("many few")]
    [InlineData("99999999999 1")]
    public void Read_NotWhatLinuxWrites_IsUnknown(string? kernel)
    {
        using var directory = new TempDirectory();
        if (kernel is not null)
        {
            File.WriteAllText(directory.File("ip_local_port_range"), kernel);
            File.WriteAllText(directory.File("ip_local_reserved_ports"), "");
        }
        Assert.Null(EphemeralPorts.Read(directory.Path));
    }
}
