using System.CommandLine;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Credentials;
using Rabbit.Client.Tunnels;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Commands;

/// <summary><c>tunnel-client connect</c>: keeps one tunnel up until it is told to stop.</summary>
internal static partial class ConnectCommand
{
    private static readonly Argument<string?> Uri = new("uri") { Arity = ArgumentArity.ZeroOrOne, Description = "rabbit://TOKEN@host:port?fingerprint=..., as the server prints it." };
    private static readonly Option<string?> Server = new("--server") { Description = "HOST:PORT of the server's control port." };
    private static readonly Option<string?> Token = new("--token") { Description = "The token; visible to other accounts of this machine, so better --token-file." };
    private static readonly Option<string?> TokenFile = new("--token-file") { Description = "File that holds the token; without it the variable RABBIT_TOKEN, what 'tunnel-client login' has kept, or a question." };
    private static readonly Option<string?> LocalPort = new("--local-port") { Description = "Port of the local service." };
    private static readonly Option<string> LocalHost = new("--local-host") { DefaultValueFactory = _ => "localhost", Description = "Host of the local service." };
    private static readonly Option<string?> LocalSocket = new("--local-socket") { Description = "Unix socket of the local service, instead of its port; @NAME is one in Linux' abstract namespace." };
    private static readonly Option<string?> Fingerprint = new("--fingerprint") { Description = "SHA-256 of the server's certificate, as the server prints it." };
    private static readonly Option<string?> Ca = new("--ca") { Description = "PEM file of the authority that signed the server's certificate." };
    private static readonly Option<string?> Certificate = new("--certificate") { Description = "PEM file of the certificate to show a server that asks clients for one." };
    private static readonly Option<string?> CertificateKey = new("--certificate-key") { Description = "PEM file of that certificate's private key." };
    private static readonly Option<bool> Plaintext = new("--plaintext") { Description = "Speak without TLS." };
    private static readonly Option<string> Name = new("--name") { DefaultValueFactory = _ => Environment.MachineName, Description = "Name of this client for the server's list." };
    private static readonly Option<int> SocketBuffer = new("--socket-buffer") { DefaultValueFactory = _ => SocketTuning.DefaultBuffer, Description = "Bytes that the kernel may hold of one connection in each direction, which is also its largest TCP window; 0 leaves it to the kernel." };
    private static readonly Option<string?> ProxyProtocol = new("--proxy-protocol") { Description = "1 or 2: tell the local service each visitor's address by a PROXY header of this version; it must be set to read it." };
    private static readonly Option<string?> Health = new("--health") { Description = "tcp, http, http:/PATH, postgres, mysql, redis, ssh or none: how the local service is asked whether it works; without it as the token's kind says." };
    private static readonly Option<string?> HealthInterval = new("--health-interval") { Description = "Seconds between two such questions while it works (30)." };
    private static readonly Option<bool> NoDirect = new("--no-direct") { Description = "Open data channels to no other node of a cluster than the one logged in to, which then forwards visitors." };
    private static readonly Option<bool> NoStandby = new("--no-standby") { Description = "Keep no second connection to another node where the server is a cluster." };

    public static Command Create()
    {
        var command = new Command("connect", "Connects one local service to its tunnel and keeps it connected.")
        {
            Uri, Server, Token, TokenFile, LocalPort, LocalHost, LocalSocket, Fingerprint, Ca, Certificate, CertificateKey, Plaintext, Name, SocketBuffer, ProxyProtocol,
            Health, HealthInterval, NoDirect, NoStandby,
        };
        OutputOptions.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            await using var host = new ClientHost(parsed, file: null, cancellationToken);
            ConnectOptions options = ReadOptions(parsed, host.Logger);
            RunningTunnel tunnel = (await host.Tunnels.ApplyAsync([new TunnelDefinition(Name: null, options)]))[0];
            host.TellReady();
            await Task.WhenAny(tunnel.Completion, host.Stopped);
            return await host.EndAsync(tunnel.Completion.IsCompleted ? await tunnel.Completion : null);
        }
        catch (FormatException e)
        {
            return ClientCommand.Fail(ExitCode.Usage, e.Message);
        }
    }

    private static ConnectOptions ReadOptions(ParseResult parsed, ILogger logger)
    {
        var store = TokenStore.Default();
        ConnectOptions options = ConnectOptions.Read(new ConnectArguments(
            parsed.GetValue(Uri), parsed.GetValue(Server), parsed.GetValue(Token), parsed.GetValue(TokenFile),
            Environment.GetEnvironmentVariable(TokenSource.Variable), parsed.GetValue(LocalPort), parsed.GetValue(LocalHost)!, parsed.GetValue(Fingerprint),
            parsed.GetValue(Ca), parsed.GetValue(Plaintext), parsed.GetValue(Name)!, parsed.GetValue(SocketBuffer), parsed.GetValue(ProxyProtocol),
            parsed.GetValue(Certificate), parsed.GetValue(CertificateKey), parsed.GetValue(Health), parsed.GetValue(HealthInterval), parsed.GetValue(LocalSocket),
            parsed.GetValue(NoDirect), parsed.GetValue(NoStandby))
        {
            FindToken = (host, port) => store.Find(host, port) ?? TokenPrompt.Ask(),
        });
        if (parsed.GetValue(Token) is not null || parsed.GetValue(Uri)?.Contains('@', StringComparison.Ordinal) == true)
            LogTokenVisible(logger);
        if (parsed.GetValue(TokenFile) is { } file && TokenFiles.IsReadableByOthers(file))
            LogTokenFileOpen(logger, file);
        return options;
    }

    [LoggerMessage(EventIds.TokenOnCommandLine, LogLevel.Warning, "A token on the command line can be seen by every account of this machine; --token-file or the variable RABBIT_TOKEN keeps it private")]
    private static partial void LogTokenVisible(ILogger logger);

    [LoggerMessage(EventIds.TokenFileOpen, LogLevel.Warning, "Other accounts of this machine can read the token in {File}; 'chmod 600' keeps it private")]
    private static partial void LogTokenFileOpen(ILogger logger, string file);
}
