using System.CommandLine;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Rabbit.Host.Startup;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit server</c>: runs the server until it is told to stop.</summary>
internal static class ServerCommand
{
    public static Command Create()
    {
        // Every option sets the configuration key beside it; what is not given is left to the environment and the files.
        (Option<string> Option, string Key)[] options =
        [
            (Text("--bind", "Address of the control port and the tunnel ports (0.0.0.0)."), "Bind"),
            (Text("--port", "Control port (9999); 0 takes a free one."), "Port"),
            (Text("--api-bind", "Address of the API (127.0.0.1)."), "ApiBind"),
            (Text("--api-port", "API port (8080); 0 takes a free one."), "ApiPort"),
            (Text("--data", "Data directory (./rabbit-data)."), "Data"),
            (Text("--database", "postgres://name:password@host/database; without it SQLite in the data directory."), "Database"),
            (Text("--redis", "host:port of Redis; without it live session data stays in this process."), "Redis"),
            (Text("--public-host", "Host name by which visitors and clients reach this server."), "PublicHost"),
            (Text("--certificate", "PEM file of the control port's certificate; without it a self-signed one."), "CertificateFile"),
            (Text("--certificate-key", "PEM file of the certificate's private key."), "CertificateKeyFile"),
            (Text("--port-range", "FIRST-LAST: the tunnel ports of an empty database (10000-20000)."), "PortRange"),
        ];
        var allowPlaintext = new Option<bool>("--allow-plaintext") { Description = "Accept clients without TLS from other machines too." };
        var command = new Command("server", "Runs the tunnel server.") { allowPlaintext };
        foreach (var (option, _) in options)
            command.Options.Add(option);

        command.SetAction(async (parsed, cancellationToken) =>
        {
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

    private static Option<string> Text(string name, string description) => new(name) { Description = description };

    private static async Task<int> RunAsync(Dictionary<string, string?> flags, CancellationToken cancellationToken)
    {
        try
        {
            await using WebApplication server = RabbitServer.Build(flags);
            await server.RunAsync(cancellationToken);
            return ExitCode.Ok;
        }
        catch (OptionsValidationException e)
        {
            return Fail(ExitCode.Usage, string.Join(" ", e.Failures));
        }
        catch (Exception e) when (e is FormatException || (e is InvalidOperationException && e.InnerException is FormatException))
        {
            return Fail(ExitCode.Usage, (e.InnerException ?? e).Message is var why && e is FormatException ? e.Message : $"{e.Message} ({why})");
        }
        catch (StoreUnavailableException e)
        {
            return Fail(ExitCode.Failure, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or AddressInUseException or SocketException)
        {
            return Fail(ExitCode.Failure, StartFailure.Explain(e));
        }
    }

    private static int Fail(int exitCode, string sentence)
    {
        Console.Error.WriteLine($"rabbit: {sentence}");
        return exitCode;
    }
}
