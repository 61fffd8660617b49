using System.CommandLine;
using Rabbit.Client.Credentials;
using Rabbit.Protocol.Credentials;

namespace Rabbit.Client.Commands;

/// <summary><c>tunnel-client login</c> and <c>logout</c>: keep a token for a server, and forget it.</summary>
internal static class LoginCommand
{
    private static readonly Argument<string?> Uri = new("uri") { Arity = ArgumentArity.ZeroOrOne, Description = "rabbit://host:port, as the server prints it." };
    private static readonly Option<string?> Server = new("--server") { Description = "HOST:PORT of the server's control port." };
    private static readonly Option<string?> TokenFile = new("--token-file") { Description = "File that holds the token; without it standard input is read, or a terminal asked." };

    public static Command CreateLogin()
    {
        var login = new Command("login", "Keeps a token for a server in a file that only this account can read; 'connect' and 'run' find it there.") { Uri, Server, TokenFile };
        login.SetAction(LogIn);
        return login;
    }

    public static Command CreateLogout()
    {
        var logout = new Command("logout", "Forgets the token that was kept for a server; the token itself stays valid.") { Uri, Server };
        logout.SetAction(LogOut);
        return logout;
    }

    private static int LogIn(ParseResult parsed)
    {
        var store = TokenStore.Default();
        try
        {
            var (uri, host, port) = ReadServer(parsed);
            string? given = uri?.Token is { Length: > 0 } inUri ? inUri : parsed.GetValue(TokenFile) is null && Console.IsInputRedirected ? Console.In.ReadToEnd() : null;
            TokenText token = given is null ? ReadToken(parsed, host, port) : TokenSource.Parse(given, "token");
            store.Put(host, port, token);
            Console.WriteLine($"The token {token} for {host}:{port} is kept in {store.File}. Whether the server takes it, 'tunnel-client connect' shows.");
            return ExitCode.Ok;
        }
        catch (OptionException e)
        {
            return ClientCommand.Fail(ExitCode.Usage, e.Message);
        }
        catch (FormatException e)
        {
            return ClientCommand.Fail(ExitCode.Failure, e.Message);
        }
    }

    private static int LogOut(ParseResult parsed)
    {
        var store = TokenStore.Default();
        try
        {
            var (_, host, port) = ReadServer(parsed);
            if (!store.Remove(host, port))
                return ClientCommand.Fail(ExitCode.Failure, $"There is no token for {host}:{port} in {store.File}.");
            Console.WriteLine($"The token for {host}:{port} is forgotten here. To make it invalid, run 'rabbit token revoke' at the server.");
            return ExitCode.Ok;
        }
        catch (OptionException e)
        {
            return ClientCommand.Fail(ExitCode.Usage, e.Message);
        }
        catch (FormatException e)
        {
            return ClientCommand.Fail(ExitCode.Failure, e.Message);
        }
    }

    private static TokenText ReadToken(ParseResult parsed, string host, int port) => TokenSource.Read(
        Arguments(parsed) with { TokenFile = parsed.GetValue(TokenFile), FindToken = (_, _) => TokenPrompt.Ask() }, inUri: null, host, port);

    private static (ConnectionUri? Uri, string Host, int Port) ReadServer(ParseResult parsed) => ConnectOptions.ReadServer(Arguments(parsed));

    private static ConnectArguments Arguments(ParseResult parsed) => new(
        parsed.GetValue(Uri), parsed.GetValue(Server), Token: null, TokenFile: null, TokenInEnvironment: null, LocalPort: null, LocalHost: "", Fingerprint: null,
        CaFile: null, Plaintext: false, Name: "");
}
