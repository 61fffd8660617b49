using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Hold;

/// <summary>Also a server that was itself restarted has its visitors wait for their client.</summary>
public sealed class HoldRestartTests
{
    [Fact]
    [Trait("Property", "P24")]
    public async Task ServerKilled_VisitorOfTheNext_WaitsForTheClient()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Echo();
        RabbitProcess first = await installation.StartAsync();
        TestToken token = await first.CreateTokenAsync();
        await first.Api.SendAsync(HttpMethod.Patch, $"tokens/{token.Id}", new { hold_seconds = 120 });
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(first, token, service.Port);
        client.Process.Send(Signal.Stop);
        await first.Process.Kill9Async();
        RabbitProcess second = await installation.StartAsync();
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("\u0001echo");
        await second.WaitForWaitingAsync(installation, 1);
        client.Process.Send(Signal.Continue);
        Assert.Equal("\u0001echo", Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(5, HoldRig.Soon)));
        await second.WaitForOutcomeAsync(installation, "served", 1);
    }
}
