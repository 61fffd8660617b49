using System.CommandLine;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Rabbit.Host.Startup;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit server</c>: runs the server until it is told to stop.</summary>
internal static class ServerCommand
{
    public static Command Create()
    {
        var allowPlaintext = new Option<bool>("--allow-plaintext") { Description = "Accept clients without TLS from other machines too." };
        var command = new Command("server", "Runs the tunnel server.") { allowPlaintext };
        var options = ServerFlag.All.Select(flag => (new Option<string>(flag.Name) { Description = flag.Description }, flag.Key)).ToList();
        foreach (var (option, _) in options)
            command.Options.Add(option);

        command.SetAction(async (parsed, cancellationToken) =>
        {
            // What is not given is left to the environment and the file.
            var flags = new Dictionary<string, string?>();
            foreach (var (option, key) in options)
            {
                if (parsed.GetValue(option) is { } value)
                    flags[$"Rabbit:{key}"] = value;
            }
            if (parsed.GetValue(allowPlaintext))
                flags["Rabbit:AllowPlaintext"] = "true";
            return await RunAsync(flags, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(Dictionary<string, string?> flags, CancellationToken cancellationToken)
    {
        try
        {
            await using WebApplication server = RabbitServer.Build(flags);
            await server.RunAsync(cancellationToken);
            return ExitCode.Ok;
        }
        catch (FormatException e)
        {
            return RabbitCommand.Fail(ExitCode.Usage, e.Message);
        }
        catch (StoreUnavailableException e)
        {
            return RabbitCommand.Fail(ExitCode.Failure, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or AddressInUseException or SocketException)
        {
            return RabbitCommand.Fail(ExitCode.Failure, StartFailure.Explain(e));
        }
    }
}
