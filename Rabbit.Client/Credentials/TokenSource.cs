using Rabbit.Client.Commands;
using Rabbit.Protocol.Credentials;

namespace Rabbit.Client.Credentials;

/// <summary>Where a token comes from: what was said of it goes before what was not, and asking comes last.</summary>
internal static class TokenSource
{
    /// <summary>The environment variable that may hold the token.</summary>
    public const string Variable = "RABBIT_TOKEN";

    /// <exception cref="OptionException">There is none, or it is no token.</exception>
    public static TokenText Read(ConnectArguments arguments, string? inUri, string host, int port)
    {
        if (arguments is { Token: not null, TokenFile: not null })
            throw new OptionException("token", $"Give either {arguments.Call("token")} or {arguments.Call("token-file")}, not both.");
        return Parse(Find(arguments, inUri, host, port), arguments.TokenFile is null ? "token" : "token-file");
    }

    /// <exception cref="OptionException">It is no token.</exception>
    public static TokenText Parse(string text, string option) => TokenText.TryParse(text.Trim(), out TokenText token)
        ? token
        : throw new OptionException(option, "The token is mistyped or cut off: it looks like rbt_..._... and is shown once, when it is created.");

    private static string Find(ConnectArguments arguments, string? inUri, string host, int port)
    {
        if (arguments.Token is not null)
            return arguments.Token;
        if (arguments.TokenFile is { } file)
        {
            try
            {
                return File.ReadAllText(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new OptionException("token-file", $"The token file {file} cannot be read: {e.Message}", e);
            }
        }
        if (inUri is { Length: > 0 })
            return inUri;
        if (arguments.TokenInEnvironment is { Length: > 0 } inEnvironment)
            return inEnvironment;
        return arguments.FindToken(host, port)
            ?? throw new OptionException("token", $"There is no token for {host}:{port}: give {arguments.Call("token-file")}, or keep one with 'tunnel-client login'.");
    }
}
