using System.CommandLine;
using Rabbit.Host.Commands.Output;

namespace Rabbit.Host.Commands.Api;

/// <summary>Asks before something is lost.</summary>
internal static class Confirmation
{
    public static readonly Option<bool> Yes = new("--yes") { Description = "Do not ask; needed where there is no terminal to ask at." };

    /// <summary>Returns when it may be done.</summary>
    /// <param name="call">The command.</param>
    /// <param name="act">Such as "Delete the token x".</param>
    /// <exception cref="CommandFailedException">It may not.</exception>
    public static void Ask(ApiCall call, string act)
    {
        if (call.Get(Yes))
            return;
        if (Console.IsInputRedirected || Console.IsErrorRedirected)
            throw new CommandFailedException(ExitCode.Usage, $"{act}: there is no terminal to ask at, so say --yes if it shall be done.");
        Console.Error.Write(TerminalText.Escape($"{act}? [y/N] "));
        if (Console.ReadLine()?.Trim().ToUpperInvariant() is not ("Y" or "YES"))
            throw new CommandFailedException(ExitCode.Failure, "Nothing was changed.");
    }
}
