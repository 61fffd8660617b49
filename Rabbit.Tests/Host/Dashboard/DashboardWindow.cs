using System.Collections.Concurrent;
using Microsoft.Playwright;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Dashboard;

/// <summary>
/// A browser window on a server's dashboard. What the browser complains of, such as a script that the content security policy
/// forbids or one that fails, fails the test.
/// </summary>
internal sealed class DashboardWindow : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];
    private readonly ConcurrentQueue<IRequest> _requests = new();

    private DashboardWindow(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !IsAbsence(message.Text))
                Complain(message.Text);
        };
        page.RequestFinished += (_, request) => _requests.Enqueue(request);
        page.PageError += (_, error) =>
        {
            if (!IsAbsence(error))
                Complain(error);
        };
    }

    public IPage Page { get; }

    /// <summary>What it has got from the server so far.</summary>
    public IReadOnlyCollection<IRequest> Requests => [.. _requests];

    /// <summary>What the browser complained of so far.</summary>
    public IReadOnlyList<string> Complaints
    {
        get
        {
            lock (_complaints)
                return [.. _complaints];
        }
    }

    /// <summary>Opens a window and shows the page where one signs in.</summary>
    public static async Task<DashboardWindow> OpenAsync(
        Browser browser, Uri server, ColorScheme colors = ColorScheme.Light, int width = 1366, int height = 850)
    {
        IBrowserContext context = await browser.OpenAsync(new BrowserNewContextOptions
        {
            BaseURL = server.ToString(),
            ColorScheme = colors,
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(20_000);
        var window = new DashboardWindow(context, await context.NewPageAsync());
        await window.Page.GotoAsync("/dashboard");
        return window;
    }

    /// <summary>Opens a window and signs in.</summary>
    public static async Task<DashboardWindow> SignInAsync(
        Browser browser, Uri server, string key, ColorScheme colors = ColorScheme.Light, int width = 1366, int height = 850)
    {
        DashboardWindow window = await OpenAsync(browser, server, colors, width, height);
        await window.EnterAsync(key);
        await window.Heading("Overview").WaitForAsync();
        return window;
    }

    /// <inheritdoc cref="SignInAsync(Browser, Uri, string, ColorScheme, int, int)"/>
    public static async Task<DashboardWindow> SignInAsync(Browser browser, RabbitProcess server) =>
        await SignInAsync(browser, server.Api.Address, await server.ReadAdminKeyAsync());

    /// <summary>Types a key where one signs in.</summary>
    public async Task EnterAsync(string key)
    {
        await Page.GetByLabel("API key").FillAsync(key);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }

    /// <summary>Goes to a page by its link in the menu.</summary>
    public async Task GoAsync(string name)
    {
        await Page.GetByRole(AriaRole.Navigation, new() { Name = "Pages" }).GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).ClickAsync();
        await Heading(name).WaitForAsync();
    }

    /// <summary>The page's title on the page.</summary>
    public ILocator Heading(string name) => Page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true, Level = 1 });

    /// <summary>The row of a table with this text.</summary>
    public ILocator Row(string text) => Page.GetByRole(AriaRole.Row).Filter(new() { HasText = text });

    /// <summary>The test has looked at complaints with this text.</summary>
    public void Forgive(string text)
    {
        lock (_complaints)
            _complaints.RemoveAll(complaint => complaint.Contains(text, StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.True(Complaints.Count == 0, $"The browser complains: {string.Join("\n", Complaints)}");
    }

    // The server was stopped by the test, and the page says so; or an event was on its way when the server had just taken its element
    // away, as it does with a menu of which an item was chosen.
    private static bool IsAbsence(string text) =>
        text.Contains("There was an exception invoking 'DispatchEventAsync'", StringComparison.Ordinal) ||
        text.Contains("ERR_CONNECTION_REFUSED", StringComparison.Ordinal) || text.Contains("WebSocket", StringComparison.Ordinal)
        || text.Contains("Connection disconnected", StringComparison.Ordinal) || text.Contains("Failed to complete negotiation", StringComparison.Ordinal)
        || text.Contains("Failed to start the connection", StringComparison.Ordinal) || text.Contains("ERR_CONNECTION_RESET", StringComparison.Ordinal)
        || text.Contains("Failed to fetch", StringComparison.Ordinal);

    private void Complain(string text)
    {
        lock (_complaints)
            _complaints.Add(text);
    }
}
