using System.CommandLine;
using Rabbit.Host.Startup;

namespace Rabbit.Host.Commands;

/// <summary>The server's flags as options of a command and those below it.</summary>
internal sealed class FlagOptions(IEnumerable<ServerFlag> flags)
{
    private readonly List<(Option<string> Option, string Key)> _options =
        [.. flags.Select(flag => (new Option<string>(flag.Name) { Description = flag.Description, Recursive = true }, flag.Key))];

    public void AddTo(Command command)
    {
        foreach (var (option, _) in _options)
            command.Options.Add(option);
    }

    /// <summary>What was given, for <see cref="RabbitConfiguration"/>; the rest is left to the environment and the file.</summary>
    public Dictionary<string, string?> Read(ParseResult parsed)
    {
        var given = new Dictionary<string, string?>();
        foreach (var (option, key) in _options)
        {
            if (parsed.GetValue(option) is { } value)
                given[$"Rabbit:{key}"] = value;
        }
        return given;
    }
}
