using System.CommandLine;

namespace Rabbit.Client.Commands;

/// <summary>The program's command line.</summary>
internal static class ClientCommand
{
    public static RootCommand Create() => new("tunnel-client: makes a local service reachable through a Rabbit server.")
    {
        ConnectCommand.Create(),
    };
}
