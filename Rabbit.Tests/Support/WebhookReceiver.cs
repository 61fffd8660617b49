using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Rabbit.Tests.Support;

/// <summary>An attempt to deliver an alert.</summary>
internal sealed record ReceivedAlert(string Id, string Timestamp, string Signature, string Body, int Answer)
{
    public JsonElement Json { get; } = JsonDocument.Parse(Body).RootElement;

    public string Type => Json.GetProperty("type").GetString()!;

    public string TokenId => Json.GetProperty("data").GetProperty("token_id").GetString()!;

    public string Sentence => Json.GetProperty("data").GetProperty("sentence").GetString()!;
}

/// <summary>Receives alerts as docs/health.md says that one does, checks each signature, and answers as the test wants.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly WebApplication _server;
    private readonly byte[] _secret;
    private readonly ConcurrentQueue<ReceivedAlert> _received = new();
    private readonly ConcurrentQueue<string> _faults = new();

    private WebhookReceiver(WebApplication server, byte[] secret)
    {
        _server = server;
        _secret = secret;
    }

    /// <summary>What to answer to the attempt of this number, from 1; 204 without it.</summary>
    public Func<int, int>? Answer { get; set; }

    /// <summary>The secret as the sender is given it.</summary>
    public string Secret => $"whsec_{Convert.ToBase64String(_secret)}";

    /// <summary>Where alerts are to be sent.</summary>
    public string Address => $"{_server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()}/alerts?of=rabbit";

    /// <summary>All attempts so far.</summary>
    public IReadOnlyList<ReceivedAlert> Received => [.. _received];

    /// <param name="port">Where to listen; 0 for anywhere.</param>
    /// <param name="secret">As the sender has it; null for a new one.</param>
    /// <param name="certificate">For https; null for http.</param>
    public static async Task<WebhookReceiver> StartAsync(int port = 0, string? secret = null, X509Certificate2? certificate = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        WebApplication server = builder.Build();
        var receiver = new WebhookReceiver(server, secret is null ? RandomNumberGenerator.GetBytes(32) : Convert.FromBase64String(secret["whsec_".Length..]));
        server.MapPost("/alerts", receiver.TakeAsync);
        server.MapFallback(receiver.Stray);
        await server.StartAsync();
        return receiver;
    }

    /// <summary>The first attempt like this that it has taken.</summary>
    public async Task<ReceivedAlert> TakenAsync(string type, string? tokenId = null)
    {
        ReceivedAlert? taken = await Eventually.BecomesAsync(
            () => Received.FirstOrDefault(alert => alert.Answer < 300 && alert.Type == type && (tokenId is null || alert.TokenId == tokenId)),
            alert => alert is not null, Patience, $"{type} was delivered (attempts: {string.Join(", ", Received.Select(alert => $"{alert.Type} {alert.Answer}"))})");
        return taken!;
    }

    /// <summary>Waits for so many attempts.</summary>
    public Task WaitForAttemptsAsync(int count) => Eventually.BecomesAsync(() => Received.Count, seen => seen >= count, Patience, $"{count} attempts");

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Assert.Empty(_faults);
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        string id = context.Request.Headers["webhook-id"].ToString(), timestamp = context.Request.Headers["webhook-timestamp"].ToString();
        string signature = context.Request.Headers["webhook-signature"].ToString();
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body.ToArray()];
        string expected = $"v1,{Convert.ToBase64String(HMACSHA256.HashData(_secret, signed))}";
        if (!signature.Split(' ').Contains(expected))
            _faults.Enqueue($"The signature of {id} is {signature}, not {expected}.");
        if (Math.Abs(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - long.Parse(timestamp, CultureInfo.InvariantCulture)) > 60)
            _faults.Enqueue($"{id} comes with the time {timestamp}.");
        if (context.Request.ContentType != "application/json; charset=utf-8" || context.Request.QueryString.Value != "?of=rabbit")
            _faults.Enqueue($"{id} comes as {context.Request.ContentType} to {context.Request.QueryString}.");
        int answer;
        lock (_received)
        {
            answer = Answer?.Invoke(_received.Count + 1) ?? StatusCodes.Status204NoContent;
            _received.Enqueue(new ReceivedAlert(id, timestamp, signature, Encoding.UTF8.GetString(body.ToArray()), answer));
        }
        context.Response.StatusCode = answer;
        if (answer is >= 300 and < 400)
            context.Response.Headers.Location = "/elsewhere";
    }

    private IResult Stray(HttpContext context)
    {
        _faults.Enqueue($"{context.Request.Method} {context.Request.Path}: a redirect was followed.");
        return Results.NoContent();
    }
}
