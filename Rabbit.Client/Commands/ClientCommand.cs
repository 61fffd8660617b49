using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text.RegularExpressions;

namespace Rabbit.Client.Commands;

/// <summary>The program's command line.</summary>
internal static partial class ClientCommand
{
    /// <summary>Runs what the arguments ask for; the exit status.</summary>
    public static Task<int> RunAsync(string[] arguments)
    {
        var root = new RootCommand("tunnel-client: makes local services reachable through a Rabbit server.")
        {
            ConnectCommand.Create(), RunCommand.Create(), CheckCommand.Create(), StatusCommand.Create(), LoginCommand.CreateLogin(), LoginCommand.CreateLogout(),
            InstallCommand.CreateInstall(), InstallCommand.CreateUninstall(),
        };
        ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null }); // @NAME is a socket.
        if (parsed.Action is ParseErrorAction)
        {
            string what = parsed.UnmatchedTokens.Count > 0 ? $"There is no '{parsed.UnmatchedTokens[0]}'" : parsed.Errors[0].Message.TrimEnd('.');
            string command = parsed.CommandResult.Command is RootCommand ? "" : $"{parsed.CommandResult.Command.Name} ";
            return Task.FromResult(Fail(ExitCode.Usage, $"{what}; 'tunnel-client {command}--help' lists what there is."));
        }
        // No termination timeout: the command handles the signals itself.
        return parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    /// <summary>Says in one sentence what is wrong and what to do.</summary>
    public static int Fail(int exitCode, string sentence)
    {
        Say(sentence);
        return exitCode;
    }

    /// <summary>Writes a sentence to standard error.</summary>
    /// <param name="sentence">Without a token: one that is quoted in it, since it was in the wrong place, is not shown.</param>
    /// <param name="isBare">True where it does not begin with the program's name.</param>
    public static void Say(string sentence, bool isBare = false) =>
        Console.Error.WriteLine($"{(isBare ? "" : "tunnel-client: ")}{Secret().Replace(sentence, "${id}_…")}");

    [GeneratedRegex("(?<id>rbt_[0-9a-z]+)_[0-9a-z]+")]
    private static partial Regex Secret();
}
