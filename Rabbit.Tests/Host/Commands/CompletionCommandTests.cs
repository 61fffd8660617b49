using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Commands;

/// <summary>The script that completes in bash, in a real one.</summary>
public sealed class CompletionCommandTests
{
    [Theory]
    [InlineData("rabbit to", "token")]
    [InlineData("rabbit token cre", "create")]
    [InlineData("rabbit token create --ki", "--kind")]
    [InlineData("rabbit token create --kind p", "postgres")]
    [InlineData("rabbit session list --state ", "draining live offline port_busy")]
    [InlineData("rabbit database set", "set-port-range")]
    [InlineData("rabbit nonsense x", "")]
    public async Task Bash_ScriptSourced_Completes(string typed, string expected)
    {
        // What bash sets when Tab is pressed (bash(1), Programmable Completion).
        string script = $$"""
            PATH='{{Path.GetDirectoryName(Programs.Rabbit)}}':$PATH
            source <(rabbit completion bash)
            COMP_LINE='{{typed}}' COMP_POINT={{typed.Length}} COMP_WORDS=({{typed}}{{(typed.EndsWith(' ') ? " ''" : "")}})
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            [[ $(complete -p rabbit) == *'-F _rabbit_complete'* ]] || exit 1
            _rabbit_complete && echo "${COMPREPLY[*]}"
            """;
        CommandRun run = await CommandRun.OfAsync("/bin/bash", "--norc", "-uc", script);
        Assert.Equal(new CommandRun(0, expected, ""), run);
    }

    [Theory]
    [InlineData("zsh", "compdef _rabbit rabbit")]
    [InlineData("fish", "complete -c rabbit")]
    public async Task Script_OtherShells_IsPrinted(string shell, string line)
    {
        CommandRun run = await CommandRun.OfAsync(Programs.Rabbit, "completion", shell);
        Assert.True(run is { Status: 0, Error: "" }, $"{run}");
        Assert.Contains(line, run.Output, StringComparison.Ordinal);
    }
}
