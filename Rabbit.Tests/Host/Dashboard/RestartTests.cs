using Rabbit.Tests.Support;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Rabbit.Tests.Host.Dashboard;

/// <summary>A page that is open while its server is killed and started again.</summary>
public sealed class RestartTests(Browser browser)
{
    [Fact]
    public async Task Page_TheServerIsKilledAndStartedAgain_SaysSoAndRecoversByItself()
    {
        await using Installation installation = await Installation.CreateAsync();
        installation.ApiPort = ReservedPorts.Take(1);
        RabbitProcess first = await installation.StartAsync();
        TestToken token = await first.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(first, token, service.Port);
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, first);
        await window.GoAsync("Tunnels");
        await Expect(window.Row($"{token.Port}")).ToContainTextAsync("live");

        await first.Process.Kill9Async();
        await Expect(window.Page.GetByRole(Microsoft.Playwright.AriaRole.Dialog, new() { Name = "The server does not answer" })).ToBeVisibleAsync();

        RabbitProcess second = await installation.StartAsync();
        await Expect(window.Page.GetByRole(Microsoft.Playwright.AriaRole.Dialog)).ToHaveCountAsync(0, new() { Timeout = 20_000 });
        await second.Api.WaitForStateAsync(token.Port, "live", TimeSpan.FromSeconds(40));
        await Expect(window.Row($"{token.Port}")).ToContainTextAsync("live", new() { Timeout = 20_000 });
        await window.GoAsync("Restoration");
        await Expect(window.Row($"{token.Port}")).ToContainTextAsync("listens");
    }
}
