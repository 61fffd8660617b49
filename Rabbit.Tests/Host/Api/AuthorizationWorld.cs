using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Api;

/// <summary>
/// A server with two teams and a key of every kind. One team has a token whose tunnel was restored and is live; what a request
/// destroys is made anew for the next.
/// </summary>
internal sealed class AuthorizationWorld : IAsyncDisposable
{
    private readonly Installation _installation;
    private readonly HttpClient _http;
    private readonly RabbitProcess _server;
    private readonly List<NativePeer> _clients = [];
    private readonly Dictionary<string, string> _ids = [];
    private TestToken _token;

    private AuthorizationWorld(Installation installation, RabbitProcess server, string adminKey)
    {
        _installation = installation;
        _server = server;
        _http = new HttpClient { BaseAddress = server.Api.Address };
        Keys[KeyKind.Admin] = adminKey;
        Keys[KeyKind.None] = null;
        Keys[KeyKind.Wrong] = adminKey[..^1] + (adminKey[^1] == 'a' ? 'b' : 'a');
        _token = null!;
    }

    /// <summary>A key of each kind.</summary>
    public Dictionary<KeyKind, string?> Keys { get; } = [];

    public static async Task<AuthorizationWorld> StartAsync(Engine engine)
    {
        Installation installation = await Installation.CreateAsync(engine);
        (string, string)[] unlimited = [("RABBIT_API_RATE", "0"), ("RABBIT_API_ANONYMOUS_RATE", "0")];
        RabbitProcess first = await installation.StartAsync(unlimited);
        TestToken token = await first.CreateTokenAsync();
        using (await NativePeer.LoginAsync(first.ControlPort, token))
            await first.Process.Kill9Async();
        RabbitProcess server = await installation.StartAsync(unlimited);
        string key = (await File.ReadAllTextAsync(Path.Combine(installation.Data, "admin.key"), TestContext.Current.CancellationToken)).Trim();
        var world = new AuthorizationWorld(installation, server, key) { _token = token };
        await world.FillAsync();
        return world;
    }

    /// <summary>The path of a template, about what is there and belongs to the first team.</summary>
    public string PathOf(string template)
    {
        foreach (var (name, id) in _ids)
            template = template.Replace($"{{{name}}}", id, StringComparison.Ordinal);
        Assert.DoesNotContain("{", template, StringComparison.Ordinal);
        return template;
    }

    /// <summary>The id that stands for a part of a path, as <c>teamId</c>.</summary>
    public string Id(string name) => _ids[name];

    /// <summary>Sends a request with a key of this kind; its status, and the body where it ends.</summary>
    public async Task<(HttpStatusCode Status, string Body)> SendAsync(HttpMethod method, string path, KeyKind kind, object? body)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body) };
        if (Keys[kind] is { } key)
            request.Headers.Authorization = new("Bearer", key);
        using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        bool ends = response.Content.Headers.ContentType?.MediaType != "text/event-stream";
        return (response.StatusCode, ends ? await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) : "");
    }

    /// <summary>Makes anew what a request has destroyed.</summary>
    public async Task RenewAsync(string name)
    {
        switch (name)
        {
            case "tokenId":
                JsonElement made = await PostAsync("tokens/generate", new { team_id = _token.TeamId, name = "another" });
                _ids["tokenId"] = made.GetProperty("token_id").GetString()!;
                break;
            case "sessionId":
                NativePeer client = await NativePeer.LoginAsync(_server.ControlPort, _token);
                _clients.Add(client);
                _ids["sessionId"] = client.Hello.SessionId.ToString();
                break;
            case "keyId":
                _ids["keyId"] = (await PostAsync("keys", new { name = "another", role = "admin" })).GetProperty("key_id").GetString()!;
                break;
        }
    }

    /// <summary>Another team's id, to be destroyed.</summary>
    public async Task<string> CreateTeamAsync() =>
        (await PostAsync("teams", new { name = $"team {Guid.NewGuid():N}" })).GetProperty("team_id").GetString()!;

    public async ValueTask DisposeAsync()
    {
        foreach (NativePeer client in _clients)
            client.Dispose();
        _http.Dispose();
        await _installation.DisposeAsync();
    }

    private async Task FillAsync()
    {
        _ids["teamId"] = _token.TeamId;
        _ids["port"] = $"{_token.Port}";
        foreach (string name in new[] { "tokenId", "sessionId", "keyId" })
            await RenewAsync(name);
        string other = await CreateTeamAsync();
        Keys[KeyKind.ReadOnly] = await CreateKeyAsync("read_only", null);
        Keys[KeyKind.OwnTeam] = await CreateKeyAsync("team", _token.TeamId);
        Keys[KeyKind.OtherTeam] = await CreateKeyAsync("team", other);
        string expired = await CreateKeyAsync("admin", null);
        await ExpireAsync(expired.Split('_')[1]);
        Keys[KeyKind.Expired] = expired;
    }

    private async Task<string> CreateKeyAsync(string role, string? team) =>
        (await PostAsync("keys", new { name = role, role, team_id = team, expires_in_days = 1 })).GetProperty("key").GetString()!;

    private async Task<JsonElement> PostAsync(string route, object body)
    {
        var (status, answer) = await SendAsync(HttpMethod.Post, $"/api/v1/{route}", KeyKind.Admin, body);
        Assert.True(status == HttpStatusCode.Created, answer);
        return JsonDocument.Parse(answer).RootElement.GetProperty("data");
    }

    private async Task ExpireAsync(string keyId)
    {
        DateTimeOffset past = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        if (_installation.Database is not null)
        {
            await using RabbitDbContext database = _installation.OpenDatabase();
            Assert.Equal(1, await database.ApiKeys.Where(row => row.Id == keyId)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.ExpiresAt, past), TestContext.Current.CancellationToken));
            return;
        }
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(_installation.Data, "rabbit.db")};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using SqliteCommand update = connection.CreateCommand();
        update.CommandText = "UPDATE api_keys SET expires_at = @past WHERE id = @id";
        update.Parameters.AddWithValue("past", past.ToUnixTimeMilliseconds());
        update.Parameters.AddWithValue("id", keyId);
        Assert.Equal(1, await update.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
    }
}
