using System.Runtime.CompilerServices;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Api;

/// <summary>docs/openapi.json, from which the client is made, is what the server serves.</summary>
public sealed class OpenApiDocumentTests
{
    [Fact]
    public async Task Document_IsWhatTheServerServes()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using var http = new HttpClient { BaseAddress = server.Api.Address };
        string served = Normalize(await http.GetStringAsync(new Uri("/swagger/v1/swagger.json", UriKind.Relative), TestContext.Current.CancellationToken));

        string file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "docs", "openapi.json"));
        if (Environment.GetEnvironmentVariable("RABBIT_WRITE_OPENAPI") == "1")
            await File.WriteAllTextAsync(file, served, TestContext.Current.CancellationToken);
        else
            Assert.True(served == Normalize(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)), "docs/openapi.json is out of date: RABBIT_WRITE_OPENAPI=1 ./test.sh -class \"*OpenApiDocumentTests\" writes it anew; then build again, since the client is made from it.");
    }

    private static string Normalize(string document) => document.ReplaceLineEndings("\n").TrimEnd() + "\n";

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
