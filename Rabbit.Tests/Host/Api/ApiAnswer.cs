using System.Net;
using System.Text.Json;
using Xunit;

namespace Rabbit.Tests.Host.Api;

/// <summary>What the API answered.</summary>
internal sealed record ApiAnswer(HttpStatusCode Status, string? MediaType, string Body)
{
    private static readonly string[] Internals = ["Exception", "   at ", "Npgsql", "SQLite", "Microsoft.", "System."];

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>Checks the shape of every error: problem details, <c>success</c> and <c>error</c>, and nothing of our inside.</summary>
    public void AssertProblem(HttpStatusCode status)
    {
        Assert.True(Status == status, $"Expected {(int)status}, got {(int)Status}: {Body}");
        Assert.Equal("application/problem+json", MediaType);
        Assert.Equal((int)status, Json.GetProperty("status").GetInt32());
        Assert.False(Json.GetProperty("success").GetBoolean());
        string error = Json.GetProperty("error").GetString()!;
        Assert.True(error.EndsWith('.') && error.Contains(' ', StringComparison.Ordinal), $"'{error}' is no sentence.");
        Assert.NotEmpty(Json.GetProperty("trace_id").GetString()!);
        Assert.All(Internals, text => Assert.DoesNotContain(text, Body, StringComparison.Ordinal));
    }
}
