using System.CommandLine;

namespace Rabbit.Host.Commands;

/// <summary>The program's command line.</summary>
internal static class RabbitCommand
{
    public static RootCommand Create() => new("Rabbit: a durable reverse TCP tunnel server.")
    {
        ServerCommand.Create(),
    };
}
