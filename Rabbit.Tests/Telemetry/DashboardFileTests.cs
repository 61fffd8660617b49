using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Telemetry;

/// <summary>What Grafana and Prometheus ask of the files, as far as it can be told without them.</summary>
public sealed class DashboardFileTests
{
    [Fact]
    public void Dashboards_Panels_AreCompleteAndSayWhatToDo()
    {
        IReadOnlyDictionary<string, JsonElement> dashboards = DashboardFiles.Read();
        Assert.Equal(["capacity.json", "overview.json", "restoration.json", "tunnel.json"], dashboards.Keys.Order());
        Assert.Equal(dashboards.Count, dashboards.Values.Select(dashboard => dashboard.GetProperty("uid").GetString()).Distinct().Count());
        foreach (var (file, dashboard) in dashboards)
        {
            JsonElement[] panels = [.. dashboard.GetProperty("panels").EnumerateArray()];
            Assert.Equal(panels.Length, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
            foreach (JsonElement panel in panels.Where(panel => panel.TryGetProperty("targets", out _)))
            {
                string title = $"{file}, {panel.GetProperty("title")}";
                Assert.False(string.IsNullOrWhiteSpace(panel.GetProperty("description").GetString()), title);
                Assert.Equal("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString());
                Assert.NotEmpty(panel.GetProperty("targets").EnumerateArray());
                if (panel.GetProperty("type").GetString() != "state-timeline")
                    Assert.False(string.IsNullOrWhiteSpace(panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("unit").GetString()), title);
            }
        }
    }

    /// <summary>On a bad day every alert fires once; on an ordinary one with a restart none does.</summary>
    [Fact]
    public async Task Promtool_DaysAsTheyCouldBe_AlertsFireWhenTheyShould()
    {
        await using RunningProcess promtool = RunningProcess.Start("promtool", "promtool", ["test", "rules", DashboardFiles.RulesTest]);
        Assert.True(await promtool.WaitForExitAsync(TimeSpan.FromSeconds(60)) == 0, promtool.Transcript());
    }

    [Theory]
    [InlineData("rules")]
    [InlineData("config")]
    public async Task Promtool_TheProjectsFiles_FindsNothingWrong(string kind)
    {
        string file = kind == "rules" ? DashboardFiles.Rules : DashboardFiles.Configuration;
        // The key of the example is on no machine of the tests.
        string[] only = kind == "config" ? ["--syntax-only"] : [];
        await using RunningProcess promtool = RunningProcess.Start("promtool", "promtool", ["check", kind, .. only, file]);
        Assert.True(await promtool.WaitForExitAsync(TimeSpan.FromSeconds(30)) == 0, promtool.Transcript());
    }
}
