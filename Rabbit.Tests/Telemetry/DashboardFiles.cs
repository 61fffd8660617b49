using System.Text.Json;

namespace Rabbit.Tests.Telemetry;

/// <summary>One question of one panel of the dashboards in deploy/grafana.</summary>
internal sealed record PanelQuery(string File, string Panel, string Expression)
{
    public override string ToString() => $"{File}, {Panel}: {Expression}";
}

/// <summary>The dashboards in deploy/grafana.</summary>
internal static class DashboardFiles
{
    /// <summary>Where they are.</summary>
    public static string Folder { get; } = Path.Combine(Repository(), "deploy", "grafana");

    /// <summary>The alert rules.</summary>
    public static string Rules { get; } = Path.Combine(Repository(), "deploy", "prometheus", "rabbit.rules.yml");

    /// <summary>Days on which the alerts are tried.</summary>
    public static string RulesTest { get; } = Path.Combine(Repository(), "deploy", "prometheus", "rabbit.rules.test.yml");

    /// <summary>The example of a configuration.</summary>
    public static string Configuration { get; } = Path.Combine(Repository(), "deploy", "prometheus", "prometheus.yml");

    /// <summary>Every dashboard by its file's name.</summary>
    public static IReadOnlyDictionary<string, JsonElement> Read() => Directory.GetFiles(Folder, "*.json").ToDictionary(
        file => Path.GetFileName(file),
        file =>
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(file));
            return document.RootElement.Clone();
        });

    /// <summary>Every question of every panel, and what the variables ask.</summary>
    public static IEnumerable<PanelQuery> Queries() =>
        from file in Read()
        from panel in file.Value.GetProperty("panels").EnumerateArray()
        where panel.TryGetProperty("targets", out _)
        from target in panel.GetProperty("targets").EnumerateArray()
        select new PanelQuery(file.Key, panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!);

    // The build puts programs under artifacts/ of the repository.
    private static string Repository()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Rabbit.sln")))
            directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("The tests do not run inside of the repository.");
    }
}
