using System.Globalization;
using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Telemetry;

/// <summary>A real Prometheus that scrapes one server every second, with the project's rules.</summary>
internal sealed class PrometheusProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempDirectory _home = new();
    private readonly HttpClient _http;
    private RunningProcess? _process;

    private PrometheusProcess(int port) => _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Starts it.</summary>
    /// <param name="target">The server's API.</param>
    /// <param name="key">A key for it.</param>
    /// <param name="rules">The file with the rules.</param>
    public static async Task<PrometheusProcess> StartAsync(Uri target, string key, string rules)
    {
        int port = ReservedPorts.Take(1);
        var prometheus = new PrometheusProcess(port);
        string keyFile = prometheus._home.File("key");
        await File.WriteAllTextAsync(keyFile, key, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            prometheus._home.File("prometheus.yml"),
            $$"""
            global: { scrape_interval: 1s, evaluation_interval: 1s }
            rule_files: ["{{rules}}"]
            scrape_configs:
              - job_name: rabbit
                authorization: { credentials_file: "{{keyFile}}" }
                static_configs: [{ targets: ["{{target.Authority}}"] }]
            """,
            TestContext.Current.CancellationToken);
        prometheus._process = RunningProcess.Start(
            "prometheus", "prometheus",
            [$"--config.file={prometheus._home.File("prometheus.yml")}", $"--storage.tsdb.path={prometheus._home.File("data")}", $"--web.listen-address=127.0.0.1:{port}"]);
        await prometheus._process.WaitForLineAsync("Server is ready to receive web requests", Patience);
        return prometheus;
    }

    /// <summary>The values of an expression now; NaN among them, which Prometheus says where there is nothing to divide by.</summary>
    public async Task<IReadOnlyList<double>> QueryAsync(string expression)
    {
        JsonElement result = (await GetAsync($"/api/v1/query?query={Uri.EscapeDataString(expression)}")).GetProperty("result");
        return [.. result.EnumerateArray().Select(series => double.Parse(
            series.GetProperty("value")[1].GetString()!.Replace("+Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture))];
    }

    /// <summary>The rules as it has read them, with their expressions.</summary>
    public async Task<IReadOnlyList<(string Name, string Expression, string Health)>> RulesAsync() =>
        [.. (await GetAsync("/api/v1/rules")).GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray())
            .Select(rule => (rule.GetProperty("name").GetString()!, rule.GetProperty("query").GetString()!, rule.GetProperty("health").GetString()!))];

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _http.Dispose();
        _home.Dispose();
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using HttpResponseMessage answer = await _http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        string body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {body}");
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("data").Clone();
    }
}
