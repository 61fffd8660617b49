using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Rabbit.Host.Alerts;
using Rabbit.Host.Settings;
using Rabbit.Host.Startup;
using Rabbit.Persistence;
using Rabbit.Tests.Packages;
using Rabbit.Tunneling;
using Xunit;

namespace Rabbit.Tests.Host;

/// <summary>docs/configuration.md tells every setting, as the options types have it.</summary>
public sealed partial class ConfigurationPageTests
{
    private const string Begin = "<!-- Written by ConfigurationPageTests from here on. -->";
    private const string End = "<!-- To here. -->";

    private static readonly (Type Options, string Title)[] Parts =
    [
        (typeof(TunnelingOptions), "Ports, tunnels, TLS"), (typeof(PersistenceOptions), "State"), (typeof(ApiOptions), "API and dashboard"), (typeof(AlertOptions), "Alerts"),
    ];

    [Fact]
    public void Page_TellsEverySetting()
    {
        Assert.Equal(KnownSettings.OptionTypes.ToHashSet(), Parts.Select(part => part.Options).ToHashSet());
        string file = Repository.File("docs", "configuration.md");
        string page = File.ReadAllText(file);
        int begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, end = page.IndexOf(End, StringComparison.Ordinal);
        string expected = $"{page[..begin]}\n{string.Concat(Parts.Select(Write))}\n{page[end..]}";
        if (Environment.GetEnvironmentVariable("RABBIT_WRITE_CONFIGURATION") == "1")
            File.WriteAllText(file, expected);
        else
            Assert.True(expected == page, "docs/configuration.md is out of date: RABBIT_WRITE_CONFIGURATION=1 ./test.sh -class \"*ConfigurationPageTests\" writes it anew.");
    }

    private static string Write((Type Options, string Title) part) =>
        $"\n### {part.Title}\n\n| key | holds | default | also | meaning |\n|---|---|---|---|---|\n"
        + string.Concat(KnownSettings.Properties(part.Options).Where(property => !IsToldEarlier(part.Options, property))
            .Select(property => Row(KnownSettings.Find(property.Name)!, Meaning(property))))
        + (part.Options == typeof(PersistenceOptions) ? Row(KnownSettings.Find(KnownSettings.PortRange)!, "Both ends of the port range in one; goes before the two.") : "");

    private static bool IsToldEarlier(Type options, PropertyInfo property) =>
        Parts.TakeWhile(part => part.Options != options).Any(part => part.Options.GetProperty(property.Name) is not null);

    private static string Row(Setting setting, string meaning)
    {
        string holds = setting.Limits.Length == 0 ? setting.Kind : $"{setting.Kind}, {setting.Limits}";
        string @default = setting.Key == nameof(TunnelingOptions.Node) ? "the machine's name" : setting.DefaultText.Length == 0 ? "empty" : $"`{setting.DefaultText}`";
        string also = setting.Flag is null ? $"`{setting.Variable}`" : $"`{setting.Flag}`<br>`{setting.Variable}`";
        return $"| `{setting.Key}` | {holds} | {@default} | {also} | {meaning} |\n";
    }

    // From the XML documentation that the build writes beside the assembly.
    private static string Meaning(PropertyInfo property)
    {
        Type type = property.DeclaringType!;
        XElement member = XDocument.Load(Path.Combine(AppContext.BaseDirectory, $"{type.Assembly.GetName().Name}.xml")).Descendants("member")
            .Single(member => (string?)member.Attribute("name") == $"P:{type.FullName}.{property.Name}");
        string text = string.Concat(member.Element("summary")!.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "see" } see => $"`{((string)see.Attribute("cref")!).Split('.')[^1]}`",
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            _ => node.ToString(),
        }));
        return Space().Replace(text, " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
