using System.Globalization;
using System.Net;

namespace Rabbit.Tests.Support;

/// <summary>
/// A PostgreSQL or Redis of one test's own, on a port that it keeps, to be stopped, killed and started again. Its processes are
/// this process's children's children: signals reach all of them.
/// </summary>
internal sealed class PrivateServer : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly TempDirectory _directory;
    private readonly string _name;
    private readonly string _program;
    private readonly string[] _arguments;
    private readonly string _readyLine;
    private RunningProcess? _process;

    private PrivateServer(TempDirectory directory, int port, string name, string program, string[] arguments, string readyLine)
    {
        _directory = directory;
        _name = name;
        _program = program;
        _arguments = arguments;
        _readyLine = readyLine;
        Port = port;
    }

    public int Port { get; }

    /// <summary>A new PostgreSQL, not started; its user is <c>postgres</c> without a password.</summary>
    /// <param name="diskSize">Size of a disk of its own, as mount(8) takes it, which is gone when it ends; null for the machine's.</param>
    public static async Task<PrivateServer> MakePostgresAsync(string? diskSize = null)
    {
        string bin = TestDatabase.Required("RABBIT_TEST_POSTGRES_BIN");
        var directory = new TempDirectory();
        // PostgreSQL refuses to run as root.
        string[] account = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : ["env"];
        string data = directory.File("data");
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "postgres", directory.Path);
        await RunAsync(account[0], [.. account[1..], Path.Combine(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]);
        int port = ReservedPorts.Take(1);
        string[] command = [.. account, Path.Combine(bin, "postgres"), "-D", data, "-p", $"{port}", "-k", directory.Path, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"];
        if (diskSize is not null)
        {
            // A small file system in a mount namespace of its own, with a copy of the data; the shell becomes the server.
            string copy = $"cp -a '{data}' '{data}.full' && mount -t tmpfs -o size={diskSize} tmpfs '{data}' && cp -a '{data}.full/.' '{data}' && chown postgres '{data}' && chmod 700 '{data}'";
            command = ["unshare", "--mount", "sh", "-c", $"{copy} && exec \"$0\" \"$@\"", .. command];
        }
        return new PrivateServer(
            directory, port, "postgres", command[0], command[1..],
            "database system is ready to accept connections");
    }

    /// <summary>A new Redis, not started.</summary>
    /// <param name="options">Beside its usual ones.</param>
    public static PrivateServer MakeRedis(params string[] options)
    {
        int port = ReservedPorts.Take(1);
        return new PrivateServer(
            new TempDirectory(), port, "redis-server", "redis-server", ["--bind", "127.0.0.1", "--port", $"{port}", "--save", "", "--appendonly", "no", .. options],
            "Ready to accept connections");
    }

    /// <summary>What Installation takes: the connection string of a PostgreSQL, without a database.</summary>
    public string PostgresConnection => $"Host=127.0.0.1;Port={Port};Username=postgres";

    public string RedisConnection => new IPEndPoint(IPAddress.Loopback, Port).ToString();

    /// <summary>Its data as it sees them itself, where it has a disk of its own.</summary>
    public string SmallDisk => $"/proc/{_process!.Id}/root{_directory.File("data")}";

    /// <summary>Starts it, also after <see cref="Kill9Async"/>, and waits until it is ready.</summary>
    public async Task StartAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _process = RunningProcess.Start(_name, _program, _arguments, new Dictionary<string, string> { ["LC_ALL"] = "C" }, _directory.Path);
        await _process.WaitForLineAsync(_readyLine, StartTimeout);
    }

    /// <summary>What it has written since it was last started.</summary>
    public IReadOnlyList<string> Lines => _process?.Lines ?? [];

    public Task WaitForLineAsync(string text) => _process!.WaitForLineAsync(text, StartTimeout);

    /// <summary>Lets a PostgreSQL that is not started speak TLS with this certificate.</summary>
    public async Task UseTlsAsync(string certificateFile, string keyFile)
    {
        string data = _directory.File("data");
        foreach (var (from, to) in new[] { (certificateFile, "server.crt"), (keyFile, "server.key") })
        {
            File.Copy(from, Path.Combine(data, to));
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(Path.Combine(data, to), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            if (Environment.IsPrivilegedProcess)
                await RunAsync("chown", "postgres", Path.Combine(data, to));
        }
        await File.AppendAllTextAsync(Path.Combine(data, "postgresql.conf"), "ssl = on\n");
    }

    /// <summary>Stops all its processes as they stand (SIGSTOP): connections stay open, and nothing answers.</summary>
    public void Freeze() => SendToAll(Signal.Stop);

    public void Thaw() => SendToAll(Signal.Continue);

    /// <summary>Ends all its processes at once; connections break, and new ones are refused.</summary>
    public async Task Kill9Async()
    {
        int[] children = Children();
        await _process!.Kill9Async();
        foreach (int child in children)
            RunningProcess.SendTo(child, Signal.Kill);
        await Eventually.BecomesAsync(
            () => children.Count(child => Directory.Exists($"/proc/{child}")), left => left == 0, StartTimeout, $"no process of {_name} is left");
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            Thaw();
            await Kill9Async();
        }
        if (_process is not null)
            await _process.DisposeAsync();
        _directory.Dispose();
    }

    private void SendToAll(Signal signal)
    {
        // The first makes the others: while it stands still there will be no more.
        _process!.Send(signal);
        foreach (int child in Children())
            RunningProcess.SendTo(child, signal);
    }

    private int[] Children() =>
        [.. File.ReadAllText($"/proc/{_process!.Id}/task/{_process.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture))];

    private static async Task RunAsync(string program, params string[] arguments)
    {
        await using RunningProcess process = RunningProcess.Start(program, program, arguments);
        int status = await process.WaitForExitAsync(StartTimeout);
        if (status != 0)
            throw new InvalidOperationException($"{program} ended with status {status}: {string.Join('\n', process.Lines)}");
    }
}
