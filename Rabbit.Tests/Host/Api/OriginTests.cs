using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Api;

/// <summary>The API beyond this machine, and for pages of other origins: only what the operator has said.</summary>
[Trait("Property", "P03")]
public sealed class OriginTests
{
    private const string Origin = "https://ops.example.com";

    [Fact]
    public async Task NamedOrigin_IsAllowed_AndNoOther_AndElsewhereThanOnLoopbackItIsHttps()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync(("RABBIT_API_ORIGINS", Origin), ("RABBIT_API_BIND", "0.0.0.0"));
        Assert.Equal("https", server.Api.Address.Scheme);
        Assert.Equal(Origin, await AllowedAsync(server, Origin));
        Assert.Null(await AllowedAsync(server, "https://example.com"));
        Assert.Null(await AllowedAsync(server, "null"));

        // Without TLS nothing is said, and no key is asked for.
        using Socket plain = await SocketConversation.ConnectAsync(server.Api.Address.Port);
        await plain.SendAllAsync("GET /api/v1/health/live HTTP/1.1\r\nHost: here\r\n\r\n");
        byte[] heard = [];
        try
        {
            heard = await plain.ReadToEndAsync();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Dropped.
        }
        Assert.DoesNotContain("HTTP/", Encoding.ASCII.GetString(heard), StringComparison.Ordinal);
    }

    private static async Task<string?> AllowedAsync(RabbitProcess server, string origin)
    {
        using var http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator })
        {
            BaseAddress = server.Api.Address,
        };
        using var preflight = new HttpRequestMessage(HttpMethod.Options, new Uri("/api/v1/teams", UriKind.Relative));
        preflight.Headers.Add("Origin", origin);
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        using HttpResponseMessage answer = await http.SendAsync(preflight, TestContext.Current.CancellationToken);
        return answer.Headers.TryGetValues("Access-Control-Allow-Origin", out IEnumerable<string>? allowed) ? Assert.Single(allowed) : null;
    }
}
