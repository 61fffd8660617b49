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
        var options = new FlagOptions(ServerFlag.All);
        options.AddTo(command);

        command.SetAction(async (parsed, cancellationToken) =>
        {
            Dictionary<string, string?> flags = options.Read(parsed);
            if (parsed.GetValue(allowPlaintext))
                flags["Rabbit:AllowPlaintext"] = "true";
            return await RunAsync(flags, cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(Dictionary<string, string?> flags, CancellationToken cancellationToken)
    {
        IConfigurationRoot configuration;
        try
        {
            configuration = RabbitConfiguration.Read(flags);
        }
        catch (FormatException e)
        {
            return RabbitCommand.Fail(ExitCode.Usage, e.Message);
        }

        try
        {
            await using WebApplication server = RabbitServer.Build(configuration);
            await StartAsync(server, cancellationToken);
            await server.WaitForShutdownAsync(cancellationToken);
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is StoreUnavailableException or IOException or UnauthorizedAccessException or SocketException or AddressInUseException)
        {
            return RabbitCommand.Fail(ExitCode.Failure, SettingNames.Use(configuration, StartFailure.Explain(e, configuration)));
        }
    }

    private static async Task StartAsync(WebApplication server, CancellationToken cancellationToken)
    {
        try
        {
            await server.StartAsync(cancellationToken);
        }
        catch
        {
            // Otherwise background services that end because of this would be logged as broken.
            server.Lifetime.StopApplication();
            throw;
        }
    }
}
