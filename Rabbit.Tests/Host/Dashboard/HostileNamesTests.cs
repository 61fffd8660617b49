using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.EndToEnd;
using Rabbit.Tests.Support;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Rabbit.Tests.Host.Dashboard;

/// <summary>A client that calls itself by HTML is shown as it calls itself.</summary>
public sealed class HostileNamesTests(Browser browser, RunningServer running) : IClassFixture<RunningServer>
{
    private const string Name = "<img src=x onerror=\"document.title='taken'\"><b>bold</b>";

    [Fact]
    [Trait("Property", "P13")]
    public async Task ClientNamedByHtml_IsTextOnThePage()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        using NativePeer client = await NativePeer.ConnectAsync(running.Server.ControlPort);
        await client.SendAsync(new ClientHello(0, Name, token.Text, Name, 1, Guid.Empty, 0, false));
        Assert.Equal(FrameType.ServerHello, (await client.ReadAsync()).Type);

        // The window itself complains of whatever its content security policy has to prevent.
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, running.Server);
        await window.GoAsync("Tunnels");
        await Expect(window.Row($"{token.Port}")).ToBeVisibleAsync();
        await window.Page.GotoAsync($"/dashboard/tunnels/{token.Id}");
        await Expect(window.Page.GetByText(Name).First).ToBeVisibleAsync();
        await Expect(window.Page.Locator("img[src=x]")).ToHaveCountAsync(0);
        Assert.NotEqual("taken", await window.Page.TitleAsync());
    }
}
