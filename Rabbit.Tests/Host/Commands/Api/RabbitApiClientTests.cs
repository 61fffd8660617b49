using System.Net;
using System.Text.Json.Nodes;
using Rabbit.ApiClient;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Commands.Api;

/// <summary>The client that the build makes from docs/openapi.json.</summary>
public sealed class RabbitApiClientTests
{
    [Fact]
    public async Task Client_EveryOperation_HasAMethod()
    {
        JsonNode description = JsonNode.Parse(await File.ReadAllTextAsync(ScriptedApi.DescriptionFile(), TestContext.Current.CancellationToken))!;
        string[] operations = [.. description["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()).Select(operation => operation.Value!["operationId"]!.GetValue<string>())];
        Assert.NotEmpty(operations);
        Assert.All(operations, operation => Assert.NotNull(typeof(RabbitApiClient).GetMethod($"{operation}Async")));
    }

    [Fact]
    public async Task Client_ErrorOfARealServer_HasItsSentence()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Api.Address };
        ApiException refused = await Assert.ThrowsAnyAsync<ApiException>(() => new RabbitApiClient(http).ListTeamsAsync(TestContext.Current.CancellationToken));
        Assert.Equal((int)HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains("Send a valid API key", refused.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{\"error\": 7}")]
    public void Sentence_AnswerIsNotRabbits_IsNull(string answer) =>
        Assert.Null(new ApiException("x", 500, answer, new Dictionary<string, IEnumerable<string>>(), null).Sentence);
}
