using System.Text.Json;
using Xunit;

namespace Rabbit.Tests.Host.Commands.Api;

/// <summary>Lists go through all their pages.</summary>
public sealed class ListTests
{
    [Fact]
    public async Task List_HasPages_ReadsThemAll()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync();
        api.Change = (request, answer) => answer["next"] = request.Query["cursor"].ToString() switch { "" => "b", "b" => "c", _ => null };
        using var run = new ApiRun(api.Address);

        Assert.Equal(4, (await run.SucceedAsync("token", "list")).Split('\n').Length);
        Assert.Equal(
            ["GET /api/v1/tokens?limit=1000", "GET /api/v1/tokens?cursor=b&limit=1000", "GET /api/v1/tokens?cursor=c&limit=1000"], api.Requests);
        using JsonDocument json = JsonDocument.Parse(await run.SucceedAsync("token", "list", "--json"));
        Assert.Equal(3, json.RootElement.GetArrayLength());
    }

    [Fact]
    public async Task List_Limit_ReadsNoMore()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync();
        api.Change = (_, answer) => answer["next"] = "more";
        using var run = new ApiRun(api.Address);
        Assert.Equal(3, (await run.SucceedAsync("audit", "list", "--limit", "2")).Split('\n').Length);
        Assert.Equal(["GET /api/v1/audit?limit=2", "GET /api/v1/audit?cursor=more&limit=1"], api.Requests);
    }

    [Fact]
    public async Task List_Filters_AreSent()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync();
        using var run = new ApiRun(api.Address);
        await run.SucceedAsync("connection", "list", "--team", "text", "--token", "t", "--port", "10000", "--visitor-address", "::1", "--status", "closed", "--from", "2026-11-24T08:00+02:00");
        Assert.Equal(
            "GET /api/v1/connections?team_id=text&token_id=t&port=10000&visitor_address=%3A%3A1&status=closed&from=2026-11-24T06%3A00%3A00.0000000%2B00%3A00&limit=1000",
            api.Requests.Last());
    }

    [Fact]
    public async Task List_Empty_SaysSoOnStandardErrorOnly()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync();
        api.Change = (_, answer) => answer["data"]!.AsArray().Clear();
        using var run = new ApiRun(api.Address);
        foreach (string what in new[] { "team", "token", "session", "port", "connection", "restoration", "key", "audit" })
        {
            CommandRun ended = await run.RunAsync(what, "list");
            Assert.True(ended is { Status: 0, Output: "" } && ended.Error.EndsWith('.'), $"{ended}");
            Assert.True(await run.RunAsync(what, "list", "--json") is { Status: 0, Output: "[]", Error: "" });
        }
        Assert.True(await run.RunAsync("cluster", "routes") is { Status: 0, Output: "", Error: [.., '.'] });
    }

    [Fact]
    public async Task Json_NothingThere_IsNullAsInTheApi()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync();
        api.Change = (_, answer) => answer["data"]!["expires_at"] = null;
        using var run = new ApiRun(api.Address);
        using JsonDocument json = JsonDocument.Parse(await run.SucceedAsync("token", "show", "x", "--json"));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("expires_at").ValueKind);
    }
}
