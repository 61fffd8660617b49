using System.Net;
using System.Text.Json;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Persistence;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Api;

[Collection<SharedApiServers>]
public sealed class ExportTests(ApiServers servers)
{
    private const string ReadCsv = "import csv, json, sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1], newline='', encoding='utf-8')))))";

    [Fact]
    [Trait("Property", "P13")]
    public async Task Export_HostileText_IsReadBackBySomebodyElse_AndIsNoFormula()
    {
        ApiServer server = servers[Engine.PostgresAndRedis];
        string token = $"{Guid.NewGuid()}";
        string[] reasons = ["plain", "a,b", "a\"b", "a\r\nb", "=1+1", "+1", "-1", "@x", "\tx", "日本語 😀", "'", ""];
        DateTimeOffset newest = TimeProvider.System.GetUtcNow().AddDays(-3);
        await using (RabbitDbContext database = server.Installation.OpenDatabase())
        {
            for (int i = 0; i < reasons.Length; i++)
            {
                ConnectionLogRow row = StoredConnections.Of(newest.AddSeconds(-i));
                (row.TokenId, row.Reason) = (token, reasons[i]);
                database.ConnectionLogs.Add(row);
            }
            await database.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        ApiAnswer answer = await server.SendAsync(HttpMethod.Get, $"/api/v1/connections/export?token_id={token}");
        Assert.Equal((HttpStatusCode.OK, "text/csv"), (answer.Status, answer.MediaType));
        using var directory = new TempDirectory();
        string file = directory.File("connections.csv");
        await File.WriteAllTextAsync(file, answer.Body, TestContext.Current.CancellationToken);
        await using RunningProcess python = RunningProcess.Start("python3", "python3", ["-c", ReadCsv, file]);
        Assert.Equal(0, await python.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        JsonElement rows = JsonDocument.Parse(string.Concat(python.Lines)).RootElement;
        Assert.Equal(reasons.Length, rows.GetArrayLength());
        foreach (var (row, reason) in rows.EnumerateArray().Zip(reasons))
        {
            string cell = row.GetProperty("reason").GetString()!;
            Assert.EndsWith(reason, cell, StringComparison.Ordinal);
            Assert.False(cell.Length > 0 && "=+-@\t\r".Contains(cell[0], StringComparison.Ordinal), $"'{cell}' begins a formula.");
            Assert.Equal(token, row.GetProperty("token_id").GetString());
        }
        (await server.SendAsync(HttpMethod.Get, "/api/v1/connections/export?port=0")).AssertProblem(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Requests_MoreThanTheLimit_AreToldToWait()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync(("RABBIT_API_RATE", "1"), ("RABBIT_API_ANONYMOUS_RATE", "1"));
        using var http = new HttpClient { BaseAddress = server.Api.Address };
        HttpStatusCode last = HttpStatusCode.OK;
        for (int i = 0; i < 50 && last != HttpStatusCode.TooManyRequests; i++)
        {
            using HttpResponseMessage response = await http.GetAsync(new Uri("/api/v1/teams", UriKind.Relative), TestContext.Current.CancellationToken);
            last = response.StatusCode;
            if (last == HttpStatusCode.TooManyRequests)
                Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        }
        Assert.Equal(HttpStatusCode.TooManyRequests, last);
        // Whoever watches the process is never turned away, and a key has a budget of its own.
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/api/v1/health/live", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        await server.Api.GetAsync("version");
    }
}
