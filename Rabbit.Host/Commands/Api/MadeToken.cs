using System.Text.Json;
using System.Text.Json.Nodes;
using Rabbit.Host.Commands.Output;
using Rabbit.Host.Startup;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Commands.Api;

/// <summary>A token that was just made, to be shown once or written into a file.</summary>
/// <param name="Token">The secret text.</param>
/// <param name="ConnectionString">What the server says a client needs; null from one that does not.</param>
/// <param name="Kind">What the service is, if declared.</param>
internal sealed record MadeToken(string Token, string? ConnectionString, string? Kind)
{
    /// <summary>Answers a command that made it.</summary>
    /// <param name="call">The command.</param>
    /// <param name="data">The API's answer.</param>
    /// <param name="file">Where the token goes; null: it is shown.</param>
    /// <param name="sentences">What was done.</param>
    public int Tell<T>(ApiCall call, T data, NewSecretFile? file, params IEnumerable<string> sentences)
    {
        file?.Write(Token);
        if (call.Json)
        {
            JsonNode json = JsonSerializer.SerializeToNode(data)!;
            if (file is not null)
            {
                json.AsObject().Remove("token");
                json.AsObject().Remove("connection_uri");
            }
            JsonOutput.Write(json);
            return ExitCode.Ok;
        }
        foreach (string sentence in sentences)
            Console.WriteLine(TerminalText.Escape(sentence));
        Console.WriteLine(file is null
            ? "Run this where the service is; the token is shown this once:"
            : TerminalText.Escape($"The token is in {file.Name}; take it to where the service is, and run this there:"));
        Console.WriteLine();
        Console.WriteLine(TerminalText.Escape(Command(call.Target, file?.Name)));
        return ExitCode.Ok;
    }

    private string Command(ApiTarget target, string? file)
    {
        string uri = ConnectionString ?? $"rabbit://{Token}@{target.Address.Host}";
        int? port = Enum.TryParse(Kind, ignoreCase: true, out ServiceKind kind) ? ConnectCommand.UsualPort(kind) : null;
        // The path of tunnel-client is right on the server's machine only.
        return file is null
            ? ConnectCommand.For(uri, port, target.IsLocal)
            : ConnectCommand.ForFile(uri, file, port, target.IsLocal);
    }
}
