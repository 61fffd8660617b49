using System.CommandLine;
using Rabbit.Host.Startup;

namespace Rabbit.Host.Commands.Api;

/// <summary>An API key, and where it was found.</summary>
internal sealed record ApiKey(string Text, string Source)
{
    private const string Variable = "RABBIT_KEY";

    /// <summary>Finds the key that these arguments and this environment name; null when there is none.</summary>
    /// <exception cref="IOException">One sentence: the file that was named, or the server's, cannot be read or holds no key.</exception>
    public static ApiKey? Find(ParseResult parsed)
    {
        if (ApiFlags.Read(parsed, ApiFlags.KeyFile, "RABBIT_KEY_FILE") is { } named)
            return FromFile(named);
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } inEnvironment)
            return Check(inEnvironment, $"the variable {Variable}");
        string file = DataDirectory.AdminKeyFile(ApiFlags.ReadData(parsed));
        return File.Exists(file) ? FromFile(file) : null;
    }

    /// <summary>What to tell who has none.</summary>
    public static string Missing(ParseResult parsed) =>
        $"There is no API key: {DataDirectory.AdminKeyFile(ApiFlags.ReadData(parsed))} does not exist; name the server's directory with --data, or a file that holds a key with --key-file.";

    /// <summary>The key stays out of what is printed.</summary>
    public override string ToString() => Source;

    private static ApiKey FromFile(string file)
    {
        try
        {
            return Check(File.ReadAllText(file), file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The key file {file} cannot be read ({e.Message.TrimEnd('.')}); run this as the account that may, or name another file with --key-file.", e);
        }
    }

    private static ApiKey Check(string content, string source)
    {
        string text = content.Trim();
        return text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
            ? new ApiKey(text, source)
            : throw new InvalidDataException($"What is in {source} is no API key; it looks like rbk_..._... and is shown once, when it is made.");
    }
}
