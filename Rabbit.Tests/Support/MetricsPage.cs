using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace Rabbit.Tests.Support;

/// <summary>The metrics of a server as Prometheus scrapes them.</summary>
internal sealed partial class MetricsPage
{
    private readonly Dictionary<string, double> _series = [];

    private MetricsPage(string text)
    {
        Text = text;
        foreach (Match line in Line().Matches(text))
            _series[$"{line.Groups["name"].Value}{{{line.Groups["labels"].Value}}}"] = double.Parse(line.Groups["value"].Value, CultureInfo.InvariantCulture);
    }

    public string Text { get; }

    /// <summary>Each series with its labels, as printed.</summary>
    public IReadOnlyDictionary<string, double> Series => _series;

    /// <summary>The value of a series; 0 where it is not there, since a counter appears with its first count.</summary>
    public double this[string series] => _series.GetValueOrDefault(series.Contains('{', StringComparison.Ordinal) ? series : series + "{}");

    /// <summary>The sum of all series of this name.</summary>
    public double Sum(string name) => _series.Where(pair => pair.Key.StartsWith(name + "{", StringComparison.Ordinal)).Sum(pair => pair.Value);

    /// <summary>Scrapes a server with a key of the whole server.</summary>
    public static async Task<MetricsPage> ScrapeAsync(Installation installation, RabbitProcess server)
    {
        var (status, text) = await ScrapeAsync(server, (await File.ReadAllTextAsync(Path.Combine(installation.Data, "admin.key"), TestContext.Current.CancellationToken)).Trim());
        Assert.Equal(HttpStatusCode.OK, status);
        return new MetricsPage(text);
    }

    /// <summary>Scrapes with this key; null when the server is too busy, or its database, to answer.</summary>
    public static async Task<MetricsPage?> TryScrapeAsync(RabbitProcess server, string key)
    {
        var (status, text) = await ScrapeAsync(server, key);
        return status == HttpStatusCode.OK ? new MetricsPage(text) : null;
    }

    /// <summary>Scrapes with this key, or none.</summary>
    public static async Task<(HttpStatusCode Status, string Text)> ScrapeAsync(RabbitProcess server, string? key)
    {
        using var http = new HttpClient { BaseAddress = server.Api.Address };
        if (key is not null)
            http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        using HttpResponseMessage response = await http.GetAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [GeneratedRegex(@"^(?<name>[a-z_]+)\{(?<labels>[^}]*)\} (?<value>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
