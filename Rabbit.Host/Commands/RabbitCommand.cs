using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Rabbit.Host.Commands.Api;
using Rabbit.Host.Commands.Output;

namespace Rabbit.Host.Commands;

/// <summary>The program's command line.</summary>
internal static class RabbitCommand
{
    /// <summary>Runs what the arguments ask for; the exit status.</summary>
    public static Task<int> RunAsync(string[] arguments)
    {
        var root = new RootCommand("Rabbit: a durable reverse TCP tunnel server.") { ServerCommand.Create(), DatabaseCommand.Create(), ConfigCommand.Create() };
        foreach (Command command in ApiCommand.CreateAll())
            root.Subcommands.Add(command);
        root.Subcommands.Add(AlertCommand.Create());
        root.Subcommands.Add(ClusterCommand.Create());
        root.Subcommands.Add(CompletionCommand.Create());
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Action is ParseErrorAction)
            return Task.FromResult(Fail(ExitCode.Usage, Explain(parsed)));
        // No termination timeout: the host handles the signals, and its drain may take longer than the library's 2 s.
        return parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    private static string Explain(ParseResult parsed)
    {
        string help = "--help";
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Command: var command }; at = at.Parent)
            help = $"{(command is RootCommand ? "rabbit" : command.Name)} {help}";
        string what = parsed.UnmatchedTokens.Count > 0 ? $"There is no '{parsed.UnmatchedTokens[0]}'" : parsed.Errors[0].Message.TrimEnd('.');
        return $"{what}; '{help}' lists what there is.";
    }

    /// <summary>Says in one sentence what is wrong and what to do.</summary>
    public static int Fail(int exitCode, string sentence)
    {
        Console.Error.WriteLine($"rabbit: {TerminalText.Escape(sentence)}");
        return exitCode;
    }
}
