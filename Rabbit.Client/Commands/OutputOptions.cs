using System.CommandLine;
using Rabbit.Client.Output;

namespace Rabbit.Client.Commands;

/// <summary>Options that say how a command that runs on writes what happens.</summary>
internal static class OutputOptions
{
    private static readonly Option<string?> Format = new("--log-format") { Description = "text or json: write what happens line by line, or as one JSON object a line; without it a terminal gets a live view, and everything else text." };
    private static readonly Option<bool> Detailed = new("--verbose") { Description = "Log more." };

    public static void AddTo(Command command)
    {
        command.Options.Add(Format);
        command.Options.Add(Detailed);
    }

    /// <summary>The format that was asked for, or null.</summary>
    /// <exception cref="OptionException">There is no such format.</exception>
    public static LogFormat? ReadFormat(ParseResult parsed) => parsed.GetValue(Format) switch
    {
        null => null,
        "text" => LogFormat.Text,
        "json" => LogFormat.Json,
        var other => throw new OptionException("log-format", $"--log-format must be text or json, not '{other}'."),
    };

    public static bool IsVerbose(ParseResult parsed) => parsed.GetValue(Detailed);
}
