using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit;

namespace Rabbit.Tests;

/// <summary>docs/properties.md names every test of a property, and no other.</summary>
public sealed class PropertiesPageTests
{
    [Fact]
    public void Page_NamesTheTestsOfEachProperty()
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, ".."));
        string page = Path.Combine(root, "docs", "properties.md");
        string[] lines = File.ReadAllLines(page);
        ILookup<string, MethodInfo> tests = typeof(PropertiesPageTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Where(method => method.IsDefined(typeof(FactAttribute)))
            .SelectMany(method => PropertiesOf(method).Select(property => (Property: property, Method: method)))
            .ToLookup(test => test.Property, test => test.Method);
        Assert.NotEmpty(tests);

        string[] expected = [.. lines.Select(line => line.Split('|') is [_, var number, var property, _, _] && tests.Contains(number.Trim())
            ? $"| {number.Trim()} | {property.Trim()} | {Describe(root, tests[number.Trim()])} |"
            : line)];
        Assert.All(tests, test => Assert.Contains(lines, line => line.StartsWith($"| {test.Key} |", StringComparison.Ordinal)));
        if (Environment.GetEnvironmentVariable("RABBIT_WRITE_PROPERTIES") == "1")
            File.WriteAllText(page, string.Join('\n', expected) + "\n");
        else
            Assert.True(expected.SequenceEqual(lines), "docs/properties.md is out of date: RABBIT_WRITE_PROPERTIES=1 ./test.sh -class \"*PropertiesPageTests\" writes it anew.");
    }

    // Its own, and those that its class has for all tests.
    private static IEnumerable<string> PropertiesOf(MethodInfo method) => method.GetCustomAttributes<TraitAttribute>()
        .Concat(method.DeclaringType!.GetCustomAttributes<TraitAttribute>())
        .Where(trait => trait.Name == "Property").Select(trait => trait.Value).Distinct();

    private static string Describe(string root, IEnumerable<MethodInfo> methods) => string.Join("<br>", methods
        .GroupBy(method => method.DeclaringType!)
        .Select(type => (File: FileOf(root, type.Key), Type: type.Key.Name, Methods: string.Join(", ", type.OrderBy(method => method.MetadataToken).Select(method => method.Name))))
        .OrderBy(type => type.File, StringComparer.Ordinal)
        .Select(type => $"[{type.Type}](../{type.File}): {type.Methods}"));

    private static string FileOf(string root, Type type)
    {
        string inTests = type.Namespace!["Rabbit.Tests".Length..].Replace('.', '/');
        string file = $"Rabbit.Tests{inTests}/{type.Name}.cs";
        Assert.True(File.Exists(Path.Combine(root, file)), $"{file} is not there.");
        return file;
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
