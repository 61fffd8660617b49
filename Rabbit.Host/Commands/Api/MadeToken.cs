using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rabbit.Host.Commands.Output;
using Rabbit.Host.Startup;
using Rabbit.Protocol.Credentials;

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
        // The path of tunnel-client is right on the server's machine only.
        string program = target.IsLocal ? ClientProgram.Command() : "tunnel-client";
        var uri = ConnectionUri.Parse(ConnectionString ?? $"rabbit://{Token}@{target.Address.Host}");
        if (file is null)
            return $"{program} connect {Quote(uri.Reveal())} --local-port {LocalPort()}";
        string host = uri.Host.Contains(':', StringComparison.Ordinal) ? $"[{uri.Host}]" : uri.Host;
        string trust = uri.Plaintext ? " --plaintext" : uri.Fingerprint is { } fingerprint ? $" --fingerprint {fingerprint}" : "";
        return string.Create(
            CultureInfo.InvariantCulture, $"{program} connect --server {Quote($"{host}:{uri.Port}")} --token-file {Quote(file)}{trust} --local-port {LocalPort()}");
    }

    // Where such a service usually listens.
    private string LocalPort() => Kind switch
    {
        "postgres" => "5432",
        "mysql" => "3306",
        "redis" => "6379",
        "ssh" => "22",
        "http" => "80",
        _ => "PORT",
    };

    private static string Quote(string text) => $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
