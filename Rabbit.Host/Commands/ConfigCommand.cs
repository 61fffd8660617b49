using System.CommandLine;
using Rabbit.Host.Startup;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit config</c>: the settings that a server started here would have, without starting one.</summary>
internal static class ConfigCommand
{
    private static readonly FlagOptions Flags = new(ServerFlag.All);

    private static readonly Argument<string?> File = new("FILE")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The file to read in place of rabbit.json in this directory.",
    };

    public static Command Create()
    {
        var command = new Command("config", "Checks and shows the settings that a server started here would have.") { ConfigCheckCommand.Create(File), ConfigShowCommand.Create(File) };
        Flags.AddTo(command);
        return command;
    }

    /// <summary>Does the work of a subcommand on the settings; the exit status.</summary>
    public static int Run(ParseResult parsed, Action<IConfigurationRoot, string> work)
    {
        string? file = parsed.GetValue(File);
        try
        {
            work(RabbitConfiguration.Read(Flags.Read(parsed), file), file ?? RabbitConfiguration.FileName);
            return ExitCode.Ok;
        }
        catch (FormatException e)
        {
            return RabbitCommand.Fail(ExitCode.Usage, e.Message);
        }
        catch (IOException e)
        {
            return RabbitCommand.Fail(ExitCode.Failure, e.Message);
        }
    }
}
