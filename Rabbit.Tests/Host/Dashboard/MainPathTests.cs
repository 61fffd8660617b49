using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Rabbit.Tests.EndToEnd;
using Rabbit.Tests.Support;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Rabbit.Tests.Host.Dashboard;

/// <summary>What an operator does with the dashboard, in a real browser, with real clients.</summary>
public sealed partial class MainPathTests(Browser browser, RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly LocatorAssertionsToBeVisibleOptions Patiently = new() { Timeout = 20_000 };

    private RabbitProcess Server => running.Server;

    [Fact]
    public async Task SignIn_WrongKeyThenRight_SaysWhyAndLetsIn()
    {
        await using DashboardWindow window = await DashboardWindow.OpenAsync(browser, Server.Api.Address);
        await window.EnterAsync("rbk_none");
        await Expect(window.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This key is not valid");

        await window.EnterAsync(await Server.ReadAdminKeyAsync());
        await Expect(window.Heading("Overview")).ToBeVisibleAsync();

        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(window.Page.GetByLabel("API key")).ToBeVisibleAsync();
        await window.Page.GotoAsync("/dashboard/tunnels");
        await Expect(window.Page.GetByLabel("API key")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task TunnelList_AClientConnects_ShowsItWithinASecond()
    {
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, Server);
        TestToken token = await Server.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        // One tunnel is there already, so that the table is.
        TestToken other = await Server.CreateTokenAsync();
        await using TunnelClientProcess before = await TunnelClientProcess.ConnectAsync(Server, other, service.Port);
        await window.GoAsync("Tunnels");
        await Expect(window.Row($"{other.Port}")).ToContainTextAsync("live");

        await NoteWhenSeenAsync(window.Page, $"{token.Port}");
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(Server, token, service.Port);
        long connected = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await Expect(window.Row($"{token.Port}")).ToContainTextAsync("live");
        double seen = await window.Page.EvaluateAsync<double>("() => window.seenAt");

        Assert.True(seen - connected < 1000, $"It was seen {seen - connected:0} ms after the client had said that it is connected.");
        await Expect(window.Row($"{token.Port}")).ToContainTextAsync("tunnel-client/");

        await client.Process.Kill9Async();
        await Expect(window.Row($"{token.Port}")).ToContainTextAsync("client away");
    }

    [Fact]
    public async Task TunnelPage_DuringATransfer_BytesMove()
    {
        TestToken token = await Server.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(Server, token, service.Port);
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, Server);
        await window.Page.GotoAsync($"/dashboard/tunnels/{token.Id}");
        await Expect(window.Heading($"Port {token.Port}")).ToBeVisibleAsync();
        ILocator sent = window.Page.Locator(".bytes-from");
        await Expect(sent).ToHaveTextAsync("0 B");

        Task drawn = Expect(window.Page.Locator("figure.chart")).ToHaveAttributeAsync("aria-label", Throughput(), new() { Timeout = 30_000 });
        using var visitor = await SocketConversation.ConnectAsync(token.Port);
        byte[] block = new byte[256 * 1024];
        var seen = new HashSet<string>();
        Task echoed = visitor.ReadExactlyAsync(64 * block.Length);
        for (int i = 0; i < 64; i++)
        {
            await visitor.SendAllAsync(block, TestContext.Current.CancellationToken);
            if (i is 16 or 32 or 48)
            {
                // The figure is another each time that it is looked at after more was sent.
                await Eventually.BecomesAsync(() => sent.InnerTextAsync(), seen.Add, TimeSpan.FromSeconds(10), "the bytes sent have grown");
            }
        }
        await echoed;
        await Expect(sent).ToHaveTextAsync("16.0 MiB", new() { Timeout = 10_000 });
        await Expect(window.Page.GetByRole(AriaRole.Region, new() { Name = "Visitors now" })).ToContainTextAsync($"{visitor.LocalEndPoint}");
        await drawn;

        visitor.Close();
        await Expect(window.Page.GetByText("Nobody is connected to this port now.")).ToBeVisibleAsync(Patiently);
        await window.Page.GetByRole(AriaRole.Tab, new() { Name = "Log" }).ClickAsync();
        await Expect(window.Row("closed")).ToContainTextAsync("16.0 MiB");
    }

    [Fact]
    public async Task Tokens_CreatedInTheBrowser_ThePrintedCommandWorksUntilItIsRevoked()
    {
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, Server);
        await window.GoAsync("Tokens");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "New token" }).ClickAsync();
        ILocator form = window.Page.GetByRole(AriaRole.Dialog);
        string name = $"made in a browser {Guid.NewGuid():N}";
        await form.GetByLabel("Name").FillAsync(name);
        await form.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();

        await using LocalService service = LocalService.Http("through the tunnel");
        await window.Page.GetByLabel("Port of the service").FillAsync(service.Port.ToString(CultureInfo.InvariantCulture));
        ILocator field = window.Page.GetByLabel("Run this where the service is:");
        await Expect(field).ToHaveValueAsync(new Regex($"--local-port {service.Port}$"));
        string command = await field.InputValueAsync();
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Done" }).ClickAsync();

        // As a shell would take it apart.
        using var home = new TempDirectory();
        await using RunningProcess client = RunningProcess.Start(
            "tunnel-client", "/bin/sh", ["-c", $"exec env {command}"], new Dictionary<string, string> { ["HOME"] = home.Path, ["XDG_CONFIG_HOME"] = home.Path });
        Match up = await client.WaitForLineAsync(TunnelUp(), TimeSpan.FromSeconds(30));
        int port = int.Parse(up.Groups["port"].Value, CultureInfo.InvariantCulture);
        Assert.EndsWith("through the tunnel", await Curl.GetAsync(port), StringComparison.Ordinal);
        ILocator row = window.Row(name);
        await Expect(row).ToContainTextAsync("live");

        await row.GetByRole(AriaRole.Button, new() { Name = "Actions" }).ClickAsync();
        await window.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Revoke" }).ClickAsync();
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Revoke it" }).ClickAsync();
        await Expect(row).ToContainTextAsync("revoked");
        await Expect(row).Not.ToContainTextAsync("live");
        await client.WaitForLineAsync("was revoked", TimeSpan.FromSeconds(10));
        await window.GoAsync("Tunnels");
        await Expect(window.Row($"{port}")).ToHaveCountAsync(0);
    }

    // Says in the page itself when a text was first on it, so that the browser's own way is not part of the time.
    private static async Task NoteWhenSeenAsync(IPage page, string text) => await page.EvaluateAsync(
        """
        text => {
          const look = () => { if (document.body.innerText.includes(text)) { window.seenAt ??= Date.now(); } };
          new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
        }
        """, text);

    [GeneratedRegex(@"through [^ ]+:(?<port>\d+)$")]
    private static partial Regex TunnelUp();

    [GeneratedRegex("in the last second [1-9][0-9.]* [KMG]iB from visitors")]
    private static partial Regex Throughput();
}
