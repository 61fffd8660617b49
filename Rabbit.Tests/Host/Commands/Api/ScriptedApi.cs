using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Rabbit.Tests.Host.Commands.Api;

/// <summary>
/// An API that answers every route of docs/openapi.json in the shape that is described there, with the same text in every field
/// that holds text.
/// </summary>
internal sealed class ScriptedApi : IAsyncDisposable
{
    private readonly JsonObject _description = JsonNode.Parse(File.ReadAllText(DescriptionFile()))!.AsObject();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly WebApplication _server;
    private readonly string _text;

    private ScriptedApi(string text, X509Certificate2? certificate)
    {
        _text = text;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
                listen.UseHttps(certificate);
        }));
        _server = builder.Build();
        _server.Run(AnswerAsync);
    }

    /// <summary>Where it listens.</summary>
    public string Address => _server.Urls.Single();

    /// <summary>What was asked so far: method, path and query.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    /// <summary>Changes an answer before it is sent.</summary>
    public Action<HttpRequest, JsonNode> Change { get; set; } = (_, _) => { };

    public static async Task<ScriptedApi> StartAsync(string text = "text", X509Certificate2? certificate = null)
    {
        var api = new ScriptedApi(text, certificate);
        await api._server.StartAsync(TestContext.Current.CancellationToken);
        return api;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        _requests.Enqueue($"{request.Method} {request.Path}{request.QueryString}");
        JsonObject? operation = FindOperation(request);
        if (operation is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        var (status, response) = operation["responses"]!.AsObject().First(one => one.Key[0] == '2');
        var (type, content) = response!["content"]!.AsObject().First();
        context.Response.StatusCode = int.Parse(status, null);
        context.Response.ContentType = type;
        JsonNode? answer = type.EndsWith("json", StringComparison.Ordinal) ? Sample(content!["schema"]!, "") : null;
        if (answer is not null)
        {
            Change(request, answer);
            await context.Response.WriteAsync(answer.ToJsonString(), context.RequestAborted);
        }
        else if (type == "text/event-stream")
        {
            var data = new JsonObject { ["type"] = _text, ["at"] = "2026-11-24T08:00:00Z", ["port"] = 10000, ["detail"] = _text };
            await context.Response.WriteAsync($"id: 1\nevent: tunnel.live\ndata: {data.ToJsonString()}\n\nid: 2\nevent: ping\ndata: {{}}\n\n", context.RequestAborted);
        }
        else
        {
            await context.Response.WriteAsync($"started_at,reason\n2026-11-24T08:00:00Z,{_text}\n", context.RequestAborted);
        }
    }

    private JsonObject? FindOperation(HttpRequest request)
    {
        string[] asked = request.Path.Value!.Split('/');
        return _description["paths"]!.AsObject()
            .Where(path => path.Key.Split('/') is var template && template.Length == asked.Length
                && template.Zip(asked).All(part => part.First == part.Second || part.First.StartsWith('{')))
            .OrderBy(path => path.Key.Count(c => c == '{'))
            .Select(path => path.Value![request.Method.ToLowerInvariant()]?.AsObject()).FirstOrDefault(operation => operation is not null);
    }

    private JsonNode? Sample(JsonNode schema, string name)
    {
        if (schema["$ref"]?.GetValue<string>() is { } reference)
            return Sample(_description["components"]!["schemas"]![reference.Split('/')[^1]]!, name);
        if (schema["allOf"]?.AsArray() is [{ } only])
            return Sample(only, name);
        return schema["type"]?.GetValue<string>() switch
        {
            "object" => new JsonObject((schema["properties"]?.AsObject() ?? []).Select(property => KeyValuePair.Create(property.Key, Sample(property.Value!, property.Key)))),
            "array" => new JsonArray(Sample(schema["items"]!, "")),
            "boolean" => true,
            "integer" or "number" => 7,
            _ => (name, schema["format"]?.GetValue<string>()) switch
            {
                ("next", _) => null,
                ("connection_uri", _) => "rabbit://rbt_x@127.0.0.1:9999?fingerprint=" + new string('a', 64),
                (_, "date-time") => "2026-11-24T08:00:00+00:00",
                (_, "date") => "2026-11-24",
                (_, "uuid") => "01a20c9e-7ced-77ff-8cf4-fe8287b1499d",
                _ => _text,
            },
        };
    }

    /// <summary>docs/openapi.json.</summary>
    public static string DescriptionFile([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "..", "..", "docs", "openapi.json"));
}
