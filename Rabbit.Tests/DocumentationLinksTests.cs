using System.Text.RegularExpressions;
using Rabbit.Tests.Packages;
using Xunit;

namespace Rabbit.Tests;

/// <summary>The book's pages lead where they say.</summary>
public sealed partial class DocumentationLinksTests
{
    [Fact]
    public void Links_LeadToFilesAndHeadings()
    {
        string[] pages = [Repository.File("README.md"), Repository.File("SECURITY.md"), .. Directory.GetFiles(Repository.File("docs"), "*.md", SearchOption.AllDirectories)];
        var broken = new List<string>();
        foreach (string page in pages)
        {
            foreach (Match link in Link().Matches(File.ReadAllText(page)))
            {
                string[] target = link.Groups["target"].Value.Split('#');
                string file = target[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, target[0]));
                if (!File.Exists(file) && !Directory.Exists(file))
                    broken.Add($"{Path.GetRelativePath(Repository.Root, page)}: {link.Groups["target"].Value} is not there");
                else if (target.Length == 2 && file.EndsWith(".md", StringComparison.Ordinal) && !Headings(file).Contains(target[1]))
                    broken.Add($"{Path.GetRelativePath(Repository.Root, page)}: {link.Groups["target"].Value} is no heading there");
            }
        }
        Assert.True(broken.Count == 0, string.Join('\n', broken));
    }

    [Fact]
    public void Contents_NameEveryPage()
    {
        string contents = Repository.Read("docs", "README.md");
        Assert.All(
            Directory.GetFiles(Repository.File("docs"), "*.md").Select(file => Path.GetFileName(file)).Where(name => name != "README.md"),
            name => Assert.Contains($"({name})", contents, StringComparison.Ordinal));
    }

    // As pages of code hosts name them.
    private static HashSet<string> Headings(string file) => [.. Heading().Matches(File.ReadAllText(file))
        .Select(heading => Unnamed().Replace(heading.Groups["text"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"\]\((?<target>(?!https?://|mailto:)[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Unnamed();
}
