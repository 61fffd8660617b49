using System.CommandLine;
using Rabbit.Host.Startup;

namespace Rabbit.Host.Commands.Api;

/// <summary>The options that say where the API is and who asks; the same for every command over the API.</summary>
internal static class ApiFlags
{
    /// <summary>Where a server listens by default.</summary>
    public const string DefaultAddress = "http://127.0.0.1:8080";

    public static readonly Option<string?> Address = new("--api") { Recursive = true, Description = $"URL of the API (variable RABBIT_API; {DefaultAddress})." };

    public static readonly Option<string?> KeyFile = new("--key-file")
    {
        Recursive = true,
        Description = "File that holds the API key (variable RABBIT_KEY_FILE, or the key itself in RABBIT_KEY; otherwise admin.key in the data directory).",
    };

    public static readonly Option<string?> Fingerprint = new("--fingerprint")
    {
        Recursive = true,
        Description = "SHA-256 of the API's certificate (variable RABBIT_FINGERPRINT); otherwise it must be one that the system trusts, or tls/cert.pem in the data directory.",
    };

    public static readonly Option<bool> InsecureHttp = new("--insecure-http") { Recursive = true, Description = "Send the API key without TLS to another machine too." };

    public static readonly Option<string?> Data = new("--data") { Recursive = true, Description = "The server's data directory, for its key and certificate (variable RABBIT_DATA; ./rabbit-data)." };

    public static void AddTo(Command command)
    {
        foreach (Option option in new Option[] { Address, KeyFile, Fingerprint, InsecureHttp, Data })
            command.Options.Add(option);
    }

    /// <summary>What was given, over the variable of the environment.</summary>
    public static string? Read(ParseResult parsed, Option<string?> option, string variable) =>
        parsed.GetValue(option) ?? (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null);

    /// <summary>The data directory, as the server finds it.</summary>
    public static string ReadData(ParseResult parsed) => RabbitConfiguration.ReadData(parsed.GetValue(Data));
}
