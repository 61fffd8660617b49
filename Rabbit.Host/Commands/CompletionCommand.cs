using System.CommandLine;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit completion</c>: scripts by which shells complete what is typed; they ask this program (System.CommandLine's [suggest]).</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # rabbit completion bash: source <(rabbit completion bash), or put it into /etc/bash_completion.d/rabbit.
        _rabbit_complete() {
          local IFS=$'\n' current=${COMP_WORDS[COMP_CWORD]} candidates
          candidates=$("${COMP_WORDS[0]}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null) || return 0
          mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$current")
        }
        complete -o default -F _rabbit_complete rabbit
        """;

    private const string Zsh = """
        #compdef rabbit
        # rabbit completion zsh: source <(rabbit completion zsh), or put it into a directory of $fpath as _rabbit.
        _rabbit() {
          local -a candidates
          candidates=("${(@f)$("${words[1]}" "[suggest:$((CURSOR))]" "${BUFFER}" 2>/dev/null)}")
          compadd -a candidates
        }
        if [ "$funcstack[1]" = "_rabbit" ]; then
          _rabbit "$@"
        else
          compdef _rabbit rabbit
        fi
        """;

    private const string Fish = """
        # rabbit completion fish: rabbit completion fish | source, or put it into ~/.config/fish/completions/rabbit.fish.
        function __rabbit_complete
            set -l line (commandline -cp)
            rabbit "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c rabbit -f -a '(__rabbit_complete)'
        """;

    public static Command Create()
    {
        var completion = new Command("completion", "Prints a script that makes a shell complete rabbit's commands and options.");
        foreach (var (shell, script) in new[] { ("bash", Bash), ("zsh", Zsh), ("fish", Fish) })
        {
            var command = new Command(shell, $"For {shell}; its first line says where to put it.");
            command.SetAction(_ => Console.WriteLine(script));
            completion.Subcommands.Add(command);
        }
        return completion;
    }
}
