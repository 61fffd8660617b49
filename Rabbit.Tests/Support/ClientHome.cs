using Rabbit.Protocol.Credentials;

namespace Rabbit.Tests.Support;

/// <summary>An account of its own in which tunnel-client runs.</summary>
internal sealed class ClientHome : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempDirectory _directory = new();

    public string Path => _directory.Path;

    public string File(string name) => _directory.File(name);

    /// <summary>What a program finds in its environment there.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["HOME"] = Path,
        ["XDG_CONFIG_HOME"] = File("config"),
        ["XDG_RUNTIME_DIR"] = File("run"),
        ["RABBIT_TOKEN"] = "",
    };

    /// <summary>Starts the client.</summary>
    public RunningProcess Start(params string[] arguments) => RunningProcess.Start("tunnel-client", Programs.TunnelClient, arguments, Environment, Path);

    /// <summary>Runs the client to its end; its status and what it wrote.</summary>
    public async Task<(int Status, string Output)> RunAsync(params string[] arguments)
    {
        await using RunningProcess client = Start(arguments);
        int status = await client.WaitForExitAsync(Patience);
        return (status, string.Join('\n', client.Lines));
    }

    /// <summary>Writes a file that only this account can read; its path.</summary>
    public string Write(string name, string text)
    {
        string path = File(name);
        System.IO.File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
            System.IO.File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    /// <summary>The settings of a file that lead to a server: its address and fingerprint.</summary>
    public static async Task<string> ServerSettingsAsync(RabbitProcess server, TestToken token)
    {
        var uri = ConnectionUri.Parse(await server.ConnectionStringAsync(token));
        return $"\"server\": \"{uri.Host}:{uri.Port}\", \"fingerprint\": \"{uri.Fingerprint}\"";
    }

    public void Dispose() => _directory.Dispose();
}
