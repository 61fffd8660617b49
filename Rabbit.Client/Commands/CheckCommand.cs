using System.CommandLine;
using Rabbit.Client.Configuration;
using Rabbit.Client.Credentials;

namespace Rabbit.Client.Commands;

/// <summary><c>tunnel-client check</c>: says what is wrong with a file of tunnels, all of it.</summary>
internal static class CheckCommand
{
    private static readonly Argument<string?> File = new("file") { Arity = ArgumentArity.ZeroOrOne, Description = $"File of the tunnels; {TunnelFilePlace.Usual} without it." };

    public static Command Create()
    {
        var command = new Command("check", "Says what is wrong with a file of tunnels, line by line; changes and connects nothing.") { File };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        try
        {
            string path = TunnelFilePlace.Find(parsed.GetValue(File));
            var file = TunnelFile.Read(path, TokenStore.Default());
            foreach (string warning in file.Warnings)
                ClientCommand.Say($"{warning}.");
            foreach (string fault in file.Describe(path))
                ClientCommand.Say(fault, isBare: true);
            if (file.Faults.Count > 0)
                return ExitCode.Usage;
            Console.WriteLine($"{path} is in order; its tunnels: {string.Join(", ", file.Tunnels.Select(tunnel => $"{tunnel.Name} ({tunnel.Options.Local})"))}.");
            return ExitCode.Ok;
        }
        catch (FormatException e)
        {
            return ClientCommand.Fail(ExitCode.Usage, e.Message);
        }
    }
}
