using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Rabbit.Tests.EndToEnd;
using Rabbit.Tests.Support;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Rabbit.Tests.Host.Dashboard;

/// <summary>Who gets into the dashboard, what each key sees there, and what other pages of the same browser cannot do.</summary>
public sealed partial class AccessTests(Browser browser, RunningServer running) : IClassFixture<RunningServer>
{
    private RabbitProcess Server => running.Server;

    [Fact]
    public async Task Pages_WithoutACookie_LeadToTheLoginAndAreNotCached()
    {
        using HttpClient http = Client();
        foreach (string page in new[] { "", "/tunnels", "/tokens", "/connections", "/restoration", "/cluster", "/settings", "/tunnels/abc" })
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri($"/dashboard{page}", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
            Assert.StartsWith("/dashboard/login?", answer.Headers.Location!.PathAndQuery, StringComparison.Ordinal);
            Assert.True(answer.Headers.CacheControl!.NoStore);
        }
    }

    [Fact]
    public async Task Login_Page_AllowsScriptsOfThisServerOnly()
    {
        using HttpClient http = Client();
        using HttpResponseMessage answer = await http.GetAsync(new Uri("/dashboard/login", UriKind.Relative), TestContext.Current.CancellationToken);
        string policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        string page = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotMatch(InlineScript(), page);
        Assert.DoesNotMatch(OtherOrigin(), page);
    }

    [Fact]
    public async Task SignIn_WithoutTheFormsToken_IsRefused()
    {
        using HttpClient http = Client();
        using var form = new FormUrlEncodedContent([new("key", await Server.ReadAdminKeyAsync())]);
        using HttpResponseMessage answer = await http.PostAsync(new Uri("/dashboard/sign-in", UriKind.Relative), form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.DoesNotContain(answer.Headers, header => header.Key == "Set-Cookie" && header.Value.Any(cookie => cookie.StartsWith("rabbit=", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Cookie_OfASignIn_IsHiddenFromScriptsAndOpensNoApi()
    {
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, Server);
        BrowserContextCookiesResult cookie = Assert.Single(await window.Page.Context.CookiesAsync(), cookie => cookie.Name == "rabbit");
        Assert.True(cookie.HttpOnly);
        Assert.Equal(SameSiteAttribute.Lax, cookie.SameSite);

        int status = await window.Page.EvaluateAsync<int>("async () => (await fetch('/api/v1/tokens/generate', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } })).status");
        Assert.Equal(401, status);
        Assert.Contains(window.Complaints, text => text.Contains("401", StringComparison.Ordinal));
        window.Forgive("401");
    }

    [Fact]
    public async Task Circuit_OpenedByAPageOfAnotherOrigin_IsRefused()
    {
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, Server);
        BrowserContextCookiesResult cookie = (await window.Page.Context.CookiesAsync()).Single(cookie => cookie.Name == "rabbit");
        // As a page of another port of the same host would: its browser sends the cookie along.
        foreach (var (origin, expected) in new[] { ("http://127.0.0.1:1", HttpStatusCode.Forbidden), ("null", HttpStatusCode.Forbidden), (Server.Api.Address.GetLeftPart(UriPartial.Authority), HttpStatusCode.SwitchingProtocols) })
        {
            using var socket = new ClientWebSocket();
            socket.Options.SetRequestHeader("Origin", origin);
            socket.Options.SetRequestHeader("Cookie", $"rabbit={cookie.Value}");
            socket.Options.CollectHttpResponseDetails = true;
            Task connecting = socket.ConnectAsync(new Uri($"ws://{Server.Api.Address.Authority}/_blazor"), TestContext.Current.CancellationToken);
            if (expected == HttpStatusCode.Forbidden)
                await Assert.ThrowsAsync<WebSocketException>(() => connecting);
            else
                await connecting;
            Assert.Equal(expected, socket.HttpStatusCode);
        }
    }

    [Fact]
    public async Task TeamKey_SeesItsTeamOnly()
    {
        string other = (await Server.Api.SendAsync(HttpMethod.Post, "teams", new { name = $"others {Guid.NewGuid():N}" })).GetProperty("data").GetProperty("team_id").GetString()!;
        TestToken hidden = await Server.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(Server, hidden, service.Port);
        string key = await MakeKeyAsync("team", other);
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, Server.Api.Address, key);
        await Expect(window.Page.GetByRole(AriaRole.Link, new() { Name = "Settings" })).ToHaveCountAsync(0);

        await window.GoAsync("Tunnels");
        await Expect(window.Page.GetByText("No tunnel yet")).ToBeVisibleAsync();
        await window.Page.GotoAsync($"/dashboard/tunnels/{hidden.Id}");
        await Expect(window.Heading("There is no such tunnel")).ToBeVisibleAsync();
        await window.Page.GotoAsync("/dashboard/settings");
        await Expect(window.Page.GetByText("your key sees one team")).ToBeVisibleAsync();
        await Expect(window.Page.GetByText("API keys")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Connections_AsCsv_AreTheOnesThatWereAskedFor()
    {
        TestToken token = await Server.CreateTokenAsync();
        await using LocalService service = LocalService.Http("hello");
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(Server, token, service.Port);
        await Curl.GetAsync(token.Port);
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, Server);
        await window.GoAsync("Connections");
        await window.Page.GetByLabel("Port").FillAsync($"{token.Port}");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await Expect(window.Row("closed")).ToHaveCountAsync(1);
        IDownload file = await window.Page.RunAndWaitForDownloadAsync(() => window.Page.GetByText("All of these as CSV").ClickAsync());
        string[] lines = await File.ReadAllLinesAsync(await file.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Equal(2, lines.Length);
        Assert.Contains($",{token.Port},", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadOnlyKey_SeesEverythingAndIsOfferedNothingToDo()
    {
        TestToken token = await Server.CreateTokenAsync();
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, Server.Api.Address, await MakeKeyAsync("read_only", null));
        await window.GoAsync("Tokens");
        await Expect(window.Row($"{token.Port}").First).ToBeVisibleAsync();
        await Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "New token" })).ToHaveCountAsync(0);
        await Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Actions" })).ToHaveCountAsync(0);
        await window.GoAsync("Settings");
        await Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Save" })).ToHaveCountAsync(0);
        await Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Revoke" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Key_RevokedWhileAPageIsOpen_TheWindowIsShownOut()
    {
        string key = await MakeKeyAsync("admin", null);
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, Server.Api.Address, key);
        await window.GoAsync("Tokens");
        string id = key.Split('_')[1];
        await Server.Api.SendAsync(HttpMethod.Delete, $"keys/{id}");
        await Expect(window.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Your key is no longer valid", new() { Timeout = 10_000 });
        await window.Page.GotoAsync("/dashboard/tokens");
        await Expect(window.Page.GetByLabel("API key")).ToBeVisibleAsync();
    }

    private async Task<string> MakeKeyAsync(string role, string? team)
    {
        JsonElement made = await Server.Api.SendAsync(HttpMethod.Post, "keys", new { name = $"{role} of a test", role, team_id = team });
        return made.GetProperty("data").GetProperty("key").GetString()!;
    }

    private HttpClient Client() => new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Server.Api.Address };

    [GeneratedRegex("<script(?![^>]* src=)|<[^>]+ on[a-z]+=", RegexOptions.IgnoreCase)]
    private static partial Regex InlineScript();

    [GeneratedRegex("(src|href|action)=\"(https?:)?//")]
    private static partial Regex OtherOrigin();
}
