using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Api;

/// <summary>A server whose API is sent requests of every kind, good and bad.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private readonly HttpClient _http;

    private ApiServer(Installation installation, RabbitProcess server, string key)
    {
        Installation = installation;
        Server = server;
        Key = key;
        _http = new HttpClient { BaseAddress = server.Api.Address, Timeout = TimeSpan.FromSeconds(30) };
    }

    public Installation Installation { get; }

    public RabbitProcess Server { get; }

    /// <summary>The admin key.</summary>
    public string Key { get; }

    public static async Task<ApiServer> StartAsync(Engine engine)
    {
        Installation installation = await Installation.CreateAsync(engine);
        // Tests ask faster than people do; what the limits do has a test of its own.
        RabbitProcess server = await installation.StartAsync(("RABBIT_API_RATE", "0"), ("RABBIT_API_ANONYMOUS_RATE", "0"));
        string key = await File.ReadAllTextAsync(Path.Combine(installation.Data, "admin.key"), TestContext.Current.CancellationToken);
        return new ApiServer(installation, server, key.Trim());
    }

    /// <summary>Sends a request with the admin key.</summary>
    public Task<ApiAnswer> SendAsync(HttpMethod method, string path, HttpContent? body = null) => SendAsync(method, path, $"Bearer {Key}", body);

    /// <summary>Sends a request with this Authorization header, or none.</summary>
    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, string? authorization, HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body };
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using HttpResponseMessage response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return new ApiAnswer(
            response.StatusCode, response.Content.Headers.ContentType?.MediaType,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Sends JSON as it stands.</summary>
    public Task<ApiAnswer> PostAsync(string path, string json) => SendAsync(HttpMethod.Post, path, Json(json));

    /// <summary>Makes a team; its id.</summary>
    public async Task<string> CreateTeamAsync()
    {
        ApiAnswer created = await PostAsync("/api/v1/teams", JsonSerializer.Serialize(new { name = $"team {Guid.NewGuid():N}" }));
        Assert.Equal(System.Net.HttpStatusCode.Created, created.Status);
        return created.Json.GetProperty("data").GetProperty("team_id").GetString()!;
    }

    public static StringContent Json(string json) => new(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Installation.DisposeAsync();
    }
}
