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
        var root = new RootCommand("tunnel-client: makes a local service reachable through a Rabbit server.") { ConnectCommand.Create() };
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Action is ParseErrorAction)
        {
            string what = parsed.UnmatchedTokens.Count > 0 ? $"There is no '{parsed.UnmatchedTokens[0]}'" : parsed.Errors[0].Message.TrimEnd('.');
            return Task.FromResult(Fail(ExitCode.Usage, $"{what}; 'tunnel-client connect --help' lists what there is."));
        }
        // No termination timeout: the command handles the signals itself.
        return parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    /// <summary>Says in one sentence what is wrong and what to do.</summary>
    public static int Fail(int exitCode, string sentence)
    {
        // What is quoted may be a token in the wrong place.
        Console.Error.WriteLine($"tunnel-client: {Secret().Replace(sentence, "${id}_…")}");
        return exitCode;
    }

    [GeneratedRegex("(?<id>rbt_[0-9a-z]+)_[0-9a-z]+")]
    private static partial Regex Secret();
}
