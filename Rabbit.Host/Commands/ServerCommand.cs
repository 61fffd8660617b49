using System.CommandLine;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Rabbit.Host.Handover;
using Rabbit.Host.Startup;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit server</c>: runs the server until it is told to stop.</summary>
internal static class ServerCommand
{
    public static Command Create()
    {
        var allowPlaintext = new Option<bool>("--allow-plaintext") { Description = "Accept clients without TLS from other machines too." };
        var takeover = new Option<bool>("--takeover")
        {
            Description = "Take over from the server that runs on the same data directory: it hands its ports over, and nobody is refused.",
        };
        var background = new Option<bool>("--background") { Description = "With --takeover: return when the new server serves, and leave it running." };
        var command = new Command("server", "Runs the tunnel server.") { allowPlaintext, takeover, background };
        var options = new FlagOptions(ServerFlag.All);
        options.AddTo(command);

        command.SetAction(async (parsed, cancellationToken) =>
        {
            Dictionary<string, string?> flags = options.Read(parsed);
            if (parsed.GetValue(allowPlaintext))
                flags["Rabbit:AllowPlaintext"] = "true";
            if (parsed.GetValue(takeover))
                flags[Takeover.Key] = "true";
            if (!parsed.GetValue(background))
                return await RunAsync(flags, cancellationToken);
            return parsed.GetValue(takeover)
                ? await BackgroundSuccessor.StartAsync([.. parsed.Tokens.Select(token => token.Value).Where(token => token != background.Name)], cancellationToken)
                : RabbitCommand.Fail(ExitCode.Usage, "--background goes with --takeover only; leave it to systemd or a shell to start a server in the background.");
        });
        return command;
    }

    private static async Task<int> RunAsync(Dictionary<string, string?> flags, CancellationToken cancellationToken)
    {
        using var descriptors = new DescriptorReserve();
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
            await using WebApplication server = RabbitServer.Build(configuration, descriptors);
            await StartAsync(server, cancellationToken);
            await StopAsync(server, cancellationToken);
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

    /// <summary>Waits until the server is told to stop, and stops it within the time that its departure has.</summary>
    private static async Task StopAsync(WebApplication server, CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration cancelled = cancellationToken.Register(server.Lifetime.StopApplication);
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration told = server.Lifetime.ApplicationStopping.Register(stopping.SetResult);
        await stopping.Task;
        Departure departure = server.Services.GetRequiredService<Departure>();
        try
        {
            await server.StopAsync(departure.GiveUp);
        }
        catch (Exception) when (departure.GiveUp.IsCancellationRequested)
        {
            // What could not end in time says so in the log.
        }
    }
}
