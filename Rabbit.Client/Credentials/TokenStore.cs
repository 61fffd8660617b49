using System.Globalization;
using Rabbit.Protocol.Credentials;

namespace Rabbit.Client.Credentials;

/// <summary>
/// Tokens that <c>tunnel-client login</c> keeps, one line <c>host:port token</c> each, in a file that only this account can read; one that
/// others can read is refused.
/// </summary>
internal sealed class TokenStore(string file)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Where the tokens are, for messages.</summary>
    public string File => file;

    /// <summary>The store of this account: <c>$XDG_CONFIG_HOME/rabbit/tokens</c>.</summary>
    public static TokenStore Default() => new(Path.Combine(ClientDirectories.Configuration, "tokens"));

    /// <summary>The token for a server, or null.</summary>
    /// <exception cref="FormatException">The file cannot be used, in one sentence.</exception>
    public string? Find(string host, int port)
    {
        string name = Name(host, port);
        return ReadLines().Select(line => line.Split(' ', 2)).FirstOrDefault(parts => parts.Length == 2 && parts[0] == name)?[1].Trim();
    }

    /// <summary>Keeps a token instead of the one that was there.</summary>
    /// <exception cref="FormatException">The file cannot be used, in one sentence.</exception>
    public void Put(string host, int port, in TokenText token) => Write([.. Without(host, port), $"{Name(host, port)} {token.Reveal()}"]);

    /// <summary>Forgets the token for a server; false when there was none.</summary>
    /// <exception cref="FormatException">The file cannot be used, in one sentence.</exception>
    public bool Remove(string host, int port)
    {
        List<string> rest = Without(host, port);
        if (rest.Count == ReadLines().Length)
            return false;
        Write(rest);
        return true;
    }

    private List<string> Without(string host, int port)
    {
        string start = Name(host, port) + ' ';
        return [.. ReadLines().Where(line => !line.StartsWith(start, StringComparison.Ordinal))];
    }

    private string[] ReadLines()
    {
        try
        {
            if (!System.IO.File.Exists(file))
                return [];
            if (TokenFiles.IsReadableByOthers(file))
                throw new FormatException($"Other accounts of this machine can read {file}, where tokens are kept: 'chmod 600 {file}', and have them changed if somebody may have read them.");
            return System.IO.File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{file}, where tokens are kept, cannot be read: {e.Message}", e);
        }
    }

    // Whole or not at all: written beside it and put in its place.
    private void Write(IReadOnlyCollection<string> lines)
    {
        string next = $"{file}.{Environment.ProcessId}";
        try
        {
            ClientDirectories.Create(Path.GetDirectoryName(Path.GetFullPath(file))!);
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerOnly;
            using (var writer = new StreamWriter(next, options))
                writer.Write(string.Concat(lines.Select(line => line + '\n')));
            System.IO.File.Move(next, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{file}, where tokens are kept, cannot be written: {e.Message}", e);
        }
    }

    private static string Name(string host, int port) => string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
}
