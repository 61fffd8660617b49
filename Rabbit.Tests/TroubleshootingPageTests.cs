using System.Text.RegularExpressions;
using Rabbit.Tests.Packages;
using Xunit;

namespace Rabbit.Tests;

/// <summary>docs/troubleshooting.md explains messages that the programs say.</summary>
public sealed partial class TroubleshootingPageTests
{
    private const string Gap = "…";
    private const int FewMessages = 50;

    private static readonly string[] Programs = ["Rabbit.Protocol", "Rabbit.Tunneling", "Rabbit.Persistence", "Rabbit.Host", "Rabbit.Client"];

    [Fact]
    public void Messages_AreThoseOfThePrograms()
    {
        string[] sources = [.. Programs.SelectMany(project => Directory.EnumerateFiles(Repository.File(project), "*.cs", SearchOption.AllDirectories)).Select(Read)];
        string[] messages = [.. Message().Matches(Repository.Read("docs", "troubleshooting.md")).Select(match => match.Groups["text"].Value)];
        Assert.True(messages.Length > FewMessages, $"{messages.Length} messages were found.");
        string[] unsaid = [.. messages.Where(message => !sources.Any(source => IsSaid(message, source)))];
        Assert.True(unsaid.Length == 0, "No program says this any more; see how it is said now:\n" + string.Join('\n', unsaid));
    }

    // The parts between the gaps, in this order and within one statement.
    private static bool IsSaid(string message, string source)
    {
        string[] parts = [.. message.Split(Gap).Select(part => part.Trim()).Where(part => part.Length > 0).Select(Regex.Escape)];
        return Regex.IsMatch(source, string.Join("[^;]{0,300}?", parts), RegexOptions.CultureInvariant)
            // A semicolon is also a mark within sentences.
            || Regex.IsMatch(source, string.Join("[^\n]{0,300}?", parts), RegexOptions.CultureInvariant);
    }

    // Texts that are joined over several lines are one.
    private static string Read(string file) => Joint().Replace(File.ReadAllText(file), "");

    [GeneratedRegex(@"^\| `(?<text>[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Message();

    [GeneratedRegex("""("\s*\n\s*\+ \$?")""")]
    private static partial Regex Joint();
}
