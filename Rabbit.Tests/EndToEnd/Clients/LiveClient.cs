using Rabbit.Tests.Support;

namespace Rabbit.Tests.EndToEnd.Clients;

/// <summary>tunnel-client in a terminal of its own, made by script(1), and what that terminal shows.</summary>
internal sealed class LiveClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ClientHome _home;
    private readonly int _width;
    private readonly int _height;

    /// <param name="home">Where it runs.</param>
    /// <param name="width">Of the terminal.</param>
    /// <param name="height">Of the terminal.</param>
    /// <param name="arguments">Of the client; without single quotes.</param>
    /// <param name="environment">Variables beside the home's.</param>
    public LiveClient(ClientHome home, int width, int height, string[] arguments, params (string Name, string Value)[] environment)
    {
        (_home, _width, _height) = (home, width, height);
        string command = string.Join(' ', arguments.Prepend(Programs.TunnelClient).Select(argument => $"'{argument}'"));
        // Whoever runs the tests in the background has SIGINT ignored, which programs inherit; at a terminal it is not.
        home.Write("run.sh", $"""
            stty cols {width} rows {height}
            stty -g >'{home.File("before")}'
            sh -c "echo \$\$ >'{home.File("pid")}'; exec env --default-signal=INT {command}"
            echo "status $?" >'{home.File("status")}'
            stty -g >'{home.File("after")}'
            """);
        Dictionary<string, string> variables = home.Environment;
        variables["TERM"] = "xterm-256color";
        variables["LC_ALL"] = "C.UTF-8";
        foreach (var (name, value) in environment)
            variables[name] = value;
        Process = RunningProcess.Start("terminal", "script", ["-qfe", "-c", $"sh '{home.File("run.sh")}'", "/dev/null"], variables, home.Path);
    }

    public RunningProcess Process { get; }

    /// <summary>All that the terminal was sent.</summary>
    public string Sent => string.Join('\n', Process.Lines);

    /// <summary>The terminal as it is now.</summary>
    public TestTerminal Terminal
    {
        get
        {
            var terminal = new TestTerminal(_width, _height);
            terminal.Send(Sent + '\n');
            return terminal;
        }
    }

    /// <summary>Waits until the window shows the text.</summary>
    public async Task<IReadOnlyList<string>> ShowsAsync(string text) => await Eventually.BecomesAsync(
        () => Terminal.Window, window => window.Any(line => line.Contains(text, StringComparison.Ordinal)), Patience, $"the terminal shows '{text}'");

    /// <summary>Signals the client in the terminal, waits for its end, and returns its status.</summary>
    public async Task<string> EndAsync(Signal signal)
    {
        RunningProcess.SendTo(int.Parse(await File.ReadAllTextAsync(_home.File("pid")), null), signal);
        await Process.WaitForExitAsync(Patience);
        return (await File.ReadAllTextAsync(_home.File("status"))).Trim();
    }

    /// <summary>True when the terminal's modes are what they were before the client.</summary>
    public bool IsRestored() => File.ReadAllText(_home.File("before")) == File.ReadAllText(_home.File("after"));

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
