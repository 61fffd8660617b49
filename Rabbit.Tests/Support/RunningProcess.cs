using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using System.Xml;
using Xunit;
using Xunit.Sdk;

namespace Rabbit.Tests.Support;

/// <summary>
/// A real program under test: its output is collected line by line and can be waited for, it takes signals, and disposing
/// ends it and nothing else. What it wrote goes into the test's output, which is shown when the test fails; a secret in it fails the
/// test (<see cref="Secrets"/>).
/// </summary>
internal sealed partial class RunningProcess : IAsyncDisposable
{
    private const int LinesShown = 200;
    private static readonly TimeSpan LongestTail = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly LineLog _log = new();
    private readonly LineLog _errors = new();
    private readonly Task _drained;
    private readonly bool _showsSecrets;

    private RunningProcess(string name, Process process, bool showsSecrets)
    {
        Name = name;
        _showsSecrets = showsSecrets;
        _process = process;
        _drained = DrainAsync();
    }

    public string Name { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it has written so far to either stream.</summary>
    public IReadOnlyList<string> Lines => _log.Lines;

    /// <summary>What of it went to standard error.</summary>
    public IReadOnlyList<string> ErrorLines => _errors.Lines;

    /// <summary>A mark for <see cref="WaitForLineAsync(Func{string, bool}, TimeSpan, int)"/>: only what comes later counts.</summary>
    public int Mark => _log.Count;

    /// <summary>Threads of the process (proc(5)).</summary>
    public int Threads => Directory.GetFileSystemEntries($"/proc/{Id}/task").Length;

    /// <summary>Open descriptors of the process (proc(5)).</summary>
    public int Descriptors => Directory.GetFileSystemEntries($"/proc/{Id}/fd").Length;

    /// <summary>Open sockets among them.</summary>
    public int Sockets => Directory.GetFiles($"/proc/{Id}/fd").Count(IsSocket);

    /// <summary>Memory of the process that is in RAM (proc(5)).</summary>
    public long ResidentBytes => long.Parse(
        File.ReadLines($"/proc/{Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) * 1024;

    /// <param name="name">For messages.</param>
    /// <param name="program">A path, or a name on the PATH.</param>
    /// <param name="arguments">As they are.</param>
    /// <param name="environment">Variables beside this process's.</param>
    /// <param name="directory">Where it runs.</param>
    /// <param name="showsSecrets">True for a command that is asked to make a secret, and shows it this once.</param>
    public static RunningProcess Start(
        string name, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null,
        string? directory = null, bool showsSecrets = false)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory,
        };
        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
            start.Environment[key] = value;
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return new RunningProcess(name, process, showsSecrets);
    }

    /// <summary>The match of the first line that matches the pattern.</summary>
    public async Task<Match> WaitForLineAsync(Regex pattern, TimeSpan timeout, int from = 0) =>
        pattern.Match(await WaitForLineAsync(pattern.IsMatch, timeout, from, pattern.ToString()));

    /// <summary>The first line that holds the text.</summary>
    public Task<string> WaitForLineAsync(string text, TimeSpan timeout, int from = 0) =>
        WaitForLineAsync(line => line.Contains(text, StringComparison.Ordinal), timeout, from, text);

    /// <summary>Sends a signal with kill(2).</summary>
    public void Send(Signal signal)
    {
        // The runtime reaps a child that has ended, after which the number may belong to somebody else.
        if (!_process.HasExited)
            Assert.Equal(0, Kill(_process.Id, (int)signal));
    }

    /// <summary>Sends a signal to a process of one that runs here, if it is still there.</summary>
    public static void SendTo(int process, Signal signal) => _ = Kill(process, (int)signal);

    /// <summary>Ends it without a chance to say goodbye, and waits until it is gone.</summary>
    public async Task Kill9Async()
    {
        Send(Signal.Kill);
        await WaitForExitAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>Waits for its end; the exit code.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan timeout)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new XunitException($"{Name} did not end within {timeout.TotalSeconds:0.#} s.\n{Transcript()}");
        }
        await DrainedAsync();
        return _process.ExitCode;
    }

    /// <summary>What it wrote, for an assertion's message.</summary>
    public string Transcript()
    {
        IReadOnlyList<string> lines = _log.Lines;
        string state = _process.HasExited ? $"ended with status {_process.ExitCode}" : "running";
        return $"--- {Name} (pid {Id}, {state}), last {Math.Min(lines.Count, LinesShown)} of {lines.Count} lines:\n"
            + string.Join('\n', lines.TakeLast(LinesShown).Select(Printable)) + "\n--- end of " + Name;
    }

    private static bool IsSocket(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            return false; // Closed meanwhile.
        }
    }

    // Reports of test runs are XML, which has no place for what a program sends to a terminal.
    private static string Printable(string line) => string.Concat(line.Select(c => XmlConvert.IsXmlChar(c) ? c.ToString() : $"\\u{(int)c:x4}"));

    public async ValueTask DisposeAsync()
    {
        Send(Signal.Kill);
        await _process.WaitForExitAsync(CancellationToken.None);
        await DrainedAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(Transcript());
        _process.Dispose();
        if (!_showsSecrets && _log.Lines.FirstOrDefault(line => Secrets.IsIn(line) && !FirstSteps().IsMatch(line)) is { } leak)
            throw new XunitException($"{Name} wrote a secret: {Printable(leak)}");
    }

    private async Task<string> WaitForLineAsync(Func<string, bool> matches, TimeSpan timeout, int from, string what)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(timeout);
        string? line = null;
        try
        {
            line = await _log.WaitAsync(matches, from, deadline.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            // Told below, with what it wrote instead.
        }
        return line ?? throw new XunitException($"{Name} did not write '{what}' within {timeout.TotalSeconds:0.#} s.\n{Transcript()}");
    }

    // The output of a program that has ended is at its end, unless a child that it left behind holds it open.
    private async Task DrainedAsync()
    {
        if (await Task.WhenAny(_drained, Task.Delay(LongestTail)) != _drained)
            TestContext.Current.TestOutputHelper?.WriteLine($"Something that {Name} started still holds its output.");
    }

    private async Task DrainAsync()
    {
        await Task.WhenAll(ReadAsync(_process.StandardOutput, _log), ReadAsync(_process.StandardError, _log, _errors));
        _log.Complete();
        _errors.Complete();
    }

    private static async Task ReadAsync(StreamReader output, params LineLog[] logs)
    {
        while (await output.ReadLineAsync(CancellationToken.None) is { } line)
        {
            foreach (LineLog log in logs)
                log.Append(line);
        }
    }

    // The command that the first start of a server shows once.
    [GeneratedRegex(@"^RABBIT_TOKEN=rbt_\w+ \S*tunnel-client connect ")]
    private static partial Regex FirstSteps();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
