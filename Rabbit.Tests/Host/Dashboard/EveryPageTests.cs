using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Rabbit.Tests.Host.Dashboard;

/// <summary>
/// Every page and dialog as it is seen on a desk and on a phone, in light and dark: nothing serious against the rules of
/// accessibility (axe-core; WCAG 2.2 A and AA), and nothing wider than the screen. The pictures go to
/// the folder that RABBIT_WRITE_SCREENSHOTS names (docs/images has those of the README).
/// </summary>
public sealed class EveryPageTests(Browser browser, BusyServer busy) : IClassFixture<BusyServer>
{
    [Theory]
    [InlineData(ColorScheme.Light, 1366, 850, "desk")]
    [InlineData(ColorScheme.Dark, 1366, 850, "dark")]
    [InlineData(ColorScheme.Light, 390, 844, "phone")]
    [InlineData(ColorScheme.Dark, 390, 844, "phone-dark")]
    public async Task EveryPage_OnEveryScreen_IsAccessible(ColorScheme colors, int width, int height, string screen)
    {
        Uri address = busy.Server.Api.Address;
        await using DashboardWindow window = await DashboardWindow.OpenAsync(browser, address, colors, width, height);
        IPage page = window.Page;
        await CheckAsync(page, "login", screen);
        await window.EnterAsync(await busy.Server.ReadAdminKeyAsync());
        await Expect(window.Heading("Overview")).ToBeVisibleAsync();

        await ShowAsync("", "Overview", page.GetByText("Live tunnels"));
        // Long enough for a plot that says something.
        await Expect(page.Locator("figure.chart")).ToHaveAttributeAsync("aria-label", new System.Text.RegularExpressions.Regex("[0-9] [KM]iB from visitors"));
        await Expect(page.Locator("figure.chart").GetByText("to visitors")).ToBeVisibleAsync();
        await CheckAsync(page, "overview", screen);
        await ShowAsync("/tunnels", "Tunnels", page.GetByText("web shop"));
        await CheckAsync(page, "tunnels", screen);
        await ShowAsync($"/tunnels/{busy.Transferring}", null, page.GetByText("served"));
        await Expect(page.Locator("figure.chart").GetByText("to visitors")).ToBeVisibleAsync();
        await CheckAsync(page, "tunnel", screen);
        await page.GetByRole(AriaRole.Tab, new() { Name = "Log" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Cell, new() { Name = "active" })).ToBeVisibleAsync();
        await CheckAsync(page, "tunnel-log", screen);
        await page.GetByRole(AriaRole.Tab, new() { Name = "Sessions" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Logins" })).ToBeVisibleAsync();
        await CheckAsync(page, "tunnel-sessions", screen);
        await ShowAsync("/tokens", "Tokens", page.GetByText("session cache"));
        await CheckAsync(page, "tokens", screen);
        await page.GetByRole(AriaRole.Button, new() { Name = "New token" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog).GetByLabel("Name")).ToBeVisibleAsync();
        await CheckAsync(page, "new-token", screen);
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await ShowAsync("/connections", "Connections", page.GetByText("client away"));
        await CheckAsync(page, "connections", screen);
        await ShowAsync("/restoration", "Restoration", page.GetByText("awaited").First);
        await CheckAsync(page, "restoration", screen);
        await ShowAsync("/cluster", "Cluster", page.GetByText("This is a lone server"));
        await CheckAsync(page, "cluster", screen);
        await ShowAsync("/settings", "Settings", page.GetByText("What was changed last"));
        await CheckAsync(page, "settings", screen);
        await ShowAsync("/nowhere", "There is no such page", page.GetByText("Back to the overview"));
        await CheckAsync(page, "not-found", screen);

        async Task ShowAsync(string path, string? heading, ILocator content)
        {
            await page.GotoAsync($"/dashboard{path}");
            if (heading is not null)
                await Expect(window.Heading(heading)).ToBeVisibleAsync();
            await Expect(content.First).ToBeVisibleAsync();
        }
    }

    private static async Task CheckAsync(IPage page, string name, string screen)
    {
        await SaveAsync(page, name, screen);
        AxeResult result = await page.RunAxe();
        AxeResultItem[] serious = [.. result.Violations.Where(violation => violation.Impact is "serious" or "critical")];
        Assert.True(serious.Length == 0, $"{name} ({screen}): " + string.Join("\n", serious.Select(
            violation => $"{violation.Id}: {violation.Help}\n  " + string.Join("\n  ", violation.Nodes.Select(node => node.Html)))));
        int wider = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(wider <= 0, $"{name} ({screen}) is {wider} px wider than the screen.");
    }

    private static async Task SaveAsync(IPage page, string name, string screen)
    {
        string? folder = Environment.GetEnvironmentVariable("RABBIT_WRITE_SCREENSHOTS");
        if (folder is not null)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}-{screen}.png") });
    }
}
