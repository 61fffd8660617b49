using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Rabbit.Persistence.Management;
using Rabbit.Protocol.Credentials;
using Xunit;

namespace Rabbit.Tests.Support;

/// <summary>The server's REST API, with the admin key.</summary>
internal sealed class AdminApi : IDisposable
{
    private readonly HttpClient _http;

    /// <param name="address">Where it listens.</param>
    /// <param name="key">The admin key.</param>
    /// <param name="makeSocket">Makes a socket by which that can be reached; null for any.</param>
    public AdminApi(Uri address, string key, Func<Socket>? makeSocket = null)
    {
        var handler = new SocketsHttpHandler();
        // Where it is HTTPS, the certificate is of an authority that this machine does not know.
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        if (makeSocket is not null)
        {
            handler.ConnectCallback = async (context, cancellationToken) =>
            {
                Socket socket = makeSocket();
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }
        _http = new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (ApiKeyText.TryParse(key, out ApiKeyText read))
            Secrets.Remember(read);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => _http.BaseAddress!;

    /// <summary>The JSON of a route under /api/v1.</summary>
    public async Task<JsonElement> GetAsync(string route)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri($"/api/v1/{route}", UriKind.Relative), TestContext.Current.CancellationToken);
        return await ReadAsync(response);
    }

    /// <summary>Makes a token in the team of the first run.</summary>
    public async Task<TestToken> CreateTokenAsync(int? port = null)
    {
        string team = (await GetAsync("teams")).GetProperty("data")[0].GetProperty("team_id").GetString()!;
        using HttpResponseMessage response = await _http.PostAsJsonAsync(
            new Uri("/api/v1/tokens/generate", UriKind.Relative),
            new { team_id = team, name = $"test {Guid.NewGuid():N}", description = "", port }, TestContext.Current.CancellationToken);
        JsonElement made = (await ReadAsync(response)).GetProperty("data");
        var token = new TestToken(
            made.GetProperty("token_id").GetString()!, team, made.GetProperty("token").GetString()!, made.GetProperty("assigned_port").GetInt32());
        Assert.True(TokenText.TryParse(token.Text, out TokenText text));
        Secrets.Remember(text);
        return token;
    }

    /// <summary>Sends a request under /api/v1; its JSON.</summary>
    public async Task<JsonElement> SendAsync(HttpMethod method, string route, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri($"/api/v1/{route}", UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body) };
        using HttpResponseMessage response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return await ReadAsync(response);
    }

    public async Task DeleteTokenAsync(TestToken token)
    {
        using HttpResponseMessage response = await _http.DeleteAsync(
            new Uri($"/api/v1/teams/{token.TeamId}/tokens/{token.Id}", UriKind.Relative), TestContext.Current.CancellationToken);
        await ReadAsync(response);
    }

    /// <summary>The tunnel of a port as the list of sessions shows it, or null.</summary>
    public async Task<JsonElement?> FindTunnelAsync(int port)
    {
        foreach (JsonElement tunnel in (await GetAsync("sessions")).GetProperty("data").EnumerateArray())
        {
            if (tunnel.GetProperty("port").GetInt32() == port)
                return tunnel;
        }
        return null;
    }

    /// <summary>Waits until the tunnel of a port is in this state.</summary>
    public Task<string> WaitForStateAsync(int port, string state, TimeSpan timeout) => Eventually.BecomesAsync(
        async () => (await FindTunnelAsync(port))?.GetProperty("state").GetString() ?? "unknown",
        seen => seen == state, timeout, $"the tunnel of port {port} is {state}");

    public void Dispose() => _http.Dispose();

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{response.RequestMessage?.RequestUri}: {(int)response.StatusCode} {body}");
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }
}
