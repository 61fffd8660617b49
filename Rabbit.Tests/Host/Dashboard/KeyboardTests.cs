using Microsoft.Playwright;
using Rabbit.Tests.EndToEnd;
using Rabbit.Tests.Support;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Rabbit.Tests.Host.Dashboard;

/// <summary>The dashboard without a mouse.</summary>
public sealed class KeyboardTests(Browser browser, RunningServer running) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Pages_ByKeysAlone_CanBeReachedAndUsed()
    {
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, running.Server);
        IPage page = window.Page;

        // The first thing that the key comes to leads past the menu.
        await page.ReloadAsync();
        await Expect(window.Heading("Overview")).ToBeVisibleAsync();
        ILocator skip = page.GetByRole(AriaRole.Link, new() { Name = "Skip to the content" });
        await skip.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#content")).ToBeFocusedAsync();

        // A page says its name when one has come to it.
        await page.GetByRole(AriaRole.Link, new() { Name = "Tokens", Exact = true }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(window.Heading("Tokens")).ToBeFocusedAsync();

        await TabToAsync(page, page.GetByRole(AriaRole.Button, new() { Name = "New token" }));
        await page.Keyboard.PressAsync("Enter");
        ILocator dialog = page.GetByRole(AriaRole.Dialog);
        await Expect(dialog.GetByLabel("Name")).ToBeVisibleAsync();
        await Eventually.BecomesAsync(() => HasFocusAsync(dialog), has => has, TimeSpan.FromSeconds(5), "the focus is in the dialog");
        for (int i = 0; i < 20; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            Assert.True(await HasFocusAsync(dialog) || await IsNowhereAsync(page), "The focus has left the dialog.");
        }
        await Eventually.BecomesAsync(() => HasFocusAsync(dialog), has => has, TimeSpan.FromSeconds(5), "the focus is led back into the dialog");
        await dialog.GetByLabel("Name").FocusAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToHaveCountAsync(0);
    }

    private static Task<bool> HasFocusAsync(ILocator dialog) =>
        dialog.EvaluateAsync<bool>("dialog => dialog.parentElement.contains(document.activeElement)");

    // Behind the last field, until the server has led it back to the first.
    private static Task<bool> IsNowhereAsync(IPage page) => page.EvaluateAsync<bool>("document.activeElement === document.body");

    private static async Task TabToAsync(IPage page, ILocator target)
    {
        for (int i = 0; i < 30; i++)
        {
            if (await target.EvaluateAsync<bool>("element => element === document.activeElement"))
                return;
            await page.Keyboard.PressAsync("Tab");
        }
        Assert.Fail("Thirty steps of the key do not lead there.");
    }
}
