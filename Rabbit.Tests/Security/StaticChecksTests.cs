using System.Runtime.CompilerServices;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Security;

/// <summary>
/// The build that forbids SQL with values in its text does: a project beside the real ones, by their settings, in which each way of
/// doing it is an error.
/// </summary>
[Trait("Property", "P02")]
public sealed class StaticChecksTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Build_SqlWithAValueInItsText_Fails()
    {
        string root = Root();
        using var directory = new TempDirectory();
        await WriteAsync("Directory.Build.props", $"<Project><Import Project=\"{root}/Directory.Build.props\" /></Project>");
        await WriteAsync("Directory.Packages.props", $"<Project><Import Project=\"{root}/Directory.Packages.props\" /></Project>");
        await WriteAsync(".editorconfig", await File.ReadAllTextAsync(Path.Combine(root, ".editorconfig"), TestContext.Current.CancellationToken));
        await WriteAsync("Probe.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Microsoft.EntityFrameworkCore.Sqlite" />
              </ItemGroup>
            </Project>
            """);
        await WriteAsync("Probe.cs", """
            using System.Data.Common;
            using System.Runtime.CompilerServices;
            using Microsoft.EntityFrameworkCore;

            namespace Probe;

            internal static class Statements
            {
                public static void Parameters(DbContext context, string value) =>
                    context.Database.ExecuteSql($"DELETE FROM t WHERE name = {value}");

            #pragma warning disable RS0030
                public static void Interpolated(DbContext context, string value) =>
                    context.Database.ExecuteSqlRaw($"DELETE FROM t WHERE name = '{value}'");

                public static void Joined(DbContext context, string value) =>
                    context.Database.ExecuteSqlRaw("DELETE FROM t WHERE name = '" + value + "'");
            #pragma warning restore RS0030

                public static void Raw(DbContext context, string statement) => context.Database.ExecuteSqlRaw(statement);

                public static IQueryable<int> Query(DbContext context, string statement) => context.Database.SqlQueryRaw<int>(statement);

                public static void Made(DbContext context, string format, string value) =>
                    context.Database.ExecuteSql(FormattableStringFactory.Create(format, value));

                public static void Command(DbCommand command, string value) => command.CommandText = "DELETE FROM t WHERE name = '" + value + "'";
            }
            """);

        await using RunningProcess build = RunningProcess.Start(
            "dotnet build", "dotnet", ["build", "Probe.csproj", "--nologo", "-v", "quiet"],
            new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false", ["DOTNET_CLI_UI_LANGUAGE"] = "en" }, directory.Path);
        int status = await build.WaitForExitAsync(Soon);
        Assert.True(status == 1, build.Transcript());
        string[] errors = [.. build.Lines.Where(line => line.Contains(": error ", StringComparison.Ordinal)).Select(line => line.Trim()).Distinct()];
        foreach (var (line, code) in new[] { (14, "EF1002"), (17, "EF1003"), (20, "RS0030"), (22, "RS0030"), (25, "RS0030"), (27, "CA2100") })
            Assert.Contains(errors, error => error.Contains($"Probe.cs({line},", StringComparison.Ordinal) && error.Contains($"error {code}:", StringComparison.Ordinal));
        Assert.Equal(6, errors.Length);

        Task WriteAsync(string name, string content) => File.WriteAllTextAsync(directory.File(name), content, TestContext.Current.CancellationToken);
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
