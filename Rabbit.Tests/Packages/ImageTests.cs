using System.Net.Sockets;
using System.Runtime.Versioning;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Packages;

/// <summary>What Dockerfile makes, and that program under the limits of the systemd unit.</summary>
[SupportedOSPlatform("linux")]
[Collection(nameof(WholeBuilds))]
public sealed class ImageTests(BuiltImage image) : IClassFixture<BuiltImage>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    public void Image_Built_RunsAsAnAccountOfItsOwn_TellsItsHealth_AndStops()
    {
        Assert.Contains("image: health check: status 0", image.Steps);
        Assert.Contains("image: rabbit team list: status 0", image.Steps);
        Assert.Contains("image: user: 1654", image.Steps);
        Assert.Contains("image: stopped: status 0", image.Steps);
        Assert.Contains(image.Steps, step => step.StartsWith("image: volume /var/lib/rabbit: admin.key ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Server_UnderTheLimitsOfItsUnit_ServesAndIsReplaced()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using (RunningProcess chown = RunningProcess.Start("chown", "chown", ["-R", "nobody", installation.Data]))
            Assert.Equal(0, await chown.WaitForExitAsync(Soon));
        // It becomes the published program; the build's own needs files where that account may not go.
        string[] sandbox =
            ["python3", Path.Combine(AppContext.BaseDirectory, "Support", "unit-sandbox.py"), Repository.File("deploy", "systemd", "rabbit.service"), "nobody", installation.Data, image.Program];
        RabbitProcess server = await installation.StartOnAsync(sandbox);
        string status = await File.ReadAllTextAsync($"/proc/{server.Process.Id}/status", TestContext.Current.CancellationToken);
        Assert.Contains("\nSeccomp:\t2\n", status, StringComparison.Ordinal);
        Assert.Contains("\nCapEff:\t0000000000000000\n", status, StringComparison.Ordinal);
        await using LocalService service = LocalService.Echo();
        TestToken token = await server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        byte[] said = new byte[4 * 1024 * 1024];
        Random.Shared.NextBytes(said);
        Task sent = visitor.SendAllAsync(said, TestContext.Current.CancellationToken);
        Assert.Equal(said, await visitor.ReadExactlyAsync(said.Length, Soon));
        await sent;

        RabbitProcess successor = await installation.TakeOverOnAsync(sandbox);
        using Socket later = await SocketConversation.ConnectAsync(token.Port);
        await later.SendAllAsync("later");
        Assert.Equal("later"u8.ToArray(), await later.ReadExactlyAsync(5, Soon));
        visitor.Dispose();
        Assert.Equal(0, await server.Process.WaitForExitAsync(Soon));
        successor.Process.Send(Signal.Term);
        Assert.Equal(0, await successor.Process.WaitForExitAsync(Soon));
    }
}
