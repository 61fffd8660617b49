using System.Globalization;
using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Commands.Api;

/// <summary>What others have named cannot steer the terminal of the one who lists it.</summary>
[Trait("Property", "P13")]
public sealed class TerminalInjectionTests
{
    private const string Hostile = "\u001b[31m[red]x[/]\u202eabc\u0007\u009b2J\u2028z\u001b]0;title\u0007";
    private const string Shown = @"\u001b[31m[red]x[/]\u202eabc\u0007\u009b2J\u2028z\u001b]0;title\u0007";

    public static TheoryData<string> Commands => new(
        "team list", "team show TEAM", "token list", "token show x", "token sessions x", "session list",
        "session show 01a20c9e-7ced-77ff-8cf4-fe8287b1499d", "port list", "port show 10000", "connection list", "restoration list",
        "restoration show 10000", "key list", "audit list", "stats daily", "cluster status", "cluster routes", "version", "health", "token revoke x --yes", "key revoke x --yes",
        "token change x --name y", "team create y", "key create y --role admin", "token create y --team TEAM", "token rotate x");

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_AnswerHoldsControlCharacters_ShowsThemAsText(string command)
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(Hostile);
        using var run = new ApiRun(api.Address);
        CommandRun ended = await run.RunAsync([.. command.Split(' ').Select(word => word == "TEAM" ? Hostile : word)]);
        Assert.True(ended.Status == 0, $"{ended}");
        AssertSafe(ended.Output + ended.Error);
        Assert.Contains(Shown, ended.Output + ended.Error, StringComparison.Ordinal);
        if (command.EndsWith(" list", StringComparison.Ordinal))
            Assert.Equal(2, ended.Output.Split('\n').Length);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Json_AnswerHoldsControlCharacters_HasTheSameValues(string command)
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(Hostile);
        using var run = new ApiRun(api.Address);
        string json = await run.SucceedAsync([.. command.Split(' ').Select(word => word == "TEAM" ? Hostile : word), "--json"]);
        AssertSafe(json);
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.Contains(Hostile, Texts(document.RootElement));
    }

    [Fact]
    public async Task List_AtATerminal_ShowsMarkupAndControlCharactersAsText()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(Hostile);
        using var run = new ApiRun(api.Address);
        CommandRun ended = await CommandRun.OfAsync(
            "/usr/bin/script", "-qec", $"stty cols 400; env -u NO_COLOR TERM=xterm '{Programs.Rabbit}' team list --api {api.Address} --key-file '{run.KeyFile}'", "/dev/null");
        Assert.Contains("─", ended.Output, StringComparison.Ordinal);
        Assert.Contains(Shown, ended.Output, StringComparison.Ordinal);
        foreach (string raw in new[] { "\u001b[31m", "\u202e", "\u0007", "\u009b", "\u2028", "\u001b]" })
            Assert.DoesNotContain(raw, ended.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Events_HoldControlCharacters_AreOneLineEach(bool json)
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(Hostile);
        using var run = new ApiRun(api.Address);
        CommandRun ended = await run.RunAsync(json ? ["events", "--json"] : ["events"]);
        Assert.Equal(1, ended.Status);
        Assert.Contains("ended the events", ended.Error, StringComparison.Ordinal);
        AssertSafe(ended.Output);
        string line = Assert.Single(ended.Output.Split('\n'));
        Assert.Contains(json ? "\"port\":10000" : "tunnel.live", line, StringComparison.Ordinal);
        Assert.Contains("[red]x[/]", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_SentenceHoldsControlCharacters_IsOneSafeLine()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync();
        using var run = new ApiRun(api.Address);
        string sentence = await run.FailAsync(1, "team", "show", Hostile);
        AssertSafe(sentence);
        Assert.Contains(Shown, sentence, StringComparison.Ordinal);
    }

    private static void AssertSafe(string output) => Assert.DoesNotContain(output, c => c != '\n' && char.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private static IEnumerable<string> Texts(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Texts(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Texts),
        JsonValueKind.String => [element.GetString()!],
        _ => [],
    };
}
