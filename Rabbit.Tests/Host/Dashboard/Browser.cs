using Microsoft.Playwright;
using Rabbit.Tests.Host.Dashboard;
using Xunit;

[assembly: AssemblyFixture(typeof(Browser))]

namespace Rabbit.Tests.Host.Dashboard;

/// <summary>Debian's chromium, driven by Playwright; one for all tests, each of which takes a window of its own.</summary>
public sealed class Browser : IAsyncLifetime
{
    // What is expected at once is asserted as such; all else may take its time on a machine where everything is tested.
    private const float Patience = 20_000;

    private readonly SemaphoreSlim _starting = new(1);
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>A new window without cookies.</summary>
    internal async Task<IBrowserContext> OpenAsync(BrowserNewContextOptions options)
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            Assertions.SetDefaultExpectTimeout(Patience);
            _playwright ??= await Playwright.CreateAsync();
            _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = "/usr/bin/chromium",
                // Its sandbox needs another account than root, which is who the tests may run as.
                Args = ["--no-sandbox", "--disable-dev-shm-usage"],
            });
            return await _browser.NewContextAsync(options);
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        _starting.Dispose();
    }
}
