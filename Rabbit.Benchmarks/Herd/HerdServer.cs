using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace Rabbit.Benchmarks.Herd;

/// <summary>The server under test: a process that can be ended and started again in its place.</summary>
internal sealed partial class HerdServer(HerdOptions options, string data) : IAsyncDisposable
{
    private const int Term = 15;
    private const int ProcessorTicks = 100; // USER_HZ of every Linux (proc(5)).

    private readonly List<string> _log = [];
    private Process? _process;

    /// <summary>Its control port: of an address of its own, so that no port of other programs on this machine is in the way.</summary>
    public IPEndPoint ControlPort { get; } = new(new IPAddress([127, 77, (byte)Random.Shared.Next(256), (byte)Random.Shared.Next(1, 255)]), 9999);

    /// <summary>When it said that it listens, by the monotonic clock.</summary>
    public long ListeningAt { get; private set; }

    /// <summary>When the program began.</summary>
    public long BegunAt { get; private set; }

    /// <summary>Lines of warnings and errors since the start.</summary>
    public int Complaints
    {
        get
        {
            lock (_log)
                return _log.Count(line => line.Contains("warn:", StringComparison.Ordinal) || line.Contains("fail:", StringComparison.Ordinal) || line.Contains("crit:", StringComparison.Ordinal));
        }
    }

    /// <summary>What it logged since the start.</summary>
    public IReadOnlyList<string> Log
    {
        get
        {
            lock (_log)
                return [.. _log];
        }
    }

    /// <summary>Starts it and waits until it listens.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(options.Server)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "server", "--bind", $"{ControlPort.Address}", "--port", $"{ControlPort.Port}", "--api-port", "0", "--data", data },
        };
        if (options.Database.Length > 0)
        {
            start.ArgumentList.Add("--database");
            start.ArgumentList.Add(options.Database);
        }
        start.Environment["RABBIT_POOL_SIZE"] = $"{options.Channels}";
        start.Environment["RABBIT_DRAIN_LIMIT"] = "00:00:02";
        lock (_log)
            _log.Clear();
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        BegunAt = TimeProvider.System.GetTimestamp();
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Note(line.Data, listening);
        _process.ErrorDataReceived += (_, line) => Note(line.Data, listening);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await listening.Task.WaitAsync(TimeSpan.FromMinutes(2));
    }

    /// <summary>Ends it, by kill -9 or in order, and waits until it is gone.</summary>
    public async Task EndAsync(bool crash)
    {
        if (crash)
            _process!.Kill();
        else
            _ = Kill(_process!.Id, Term);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Processor time that it has used, in seconds.</summary>
    public double ReadCpuSeconds()
    {
        string[] fields = File.ReadAllText($"/proc/{_process!.Id}/stat").Split(' ');
        return (long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture)) / (double)ProcessorTicks;
    }

    /// <summary>The most memory that it has held, in MB.</summary>
    public double ReadPeakMegabytes()
    {
        string line = File.ReadLines($"/proc/{_process!.Id}/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>Its threads now.</summary>
    public int ReadThreads() => Directory.GetFileSystemEntries($"/proc/{_process!.Id}/task").Length;

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await EndAsync(crash: true);
    }

    private void Note(string? line, TaskCompletionSource listening)
    {
        if (line is null)
        {
            listening.TrySetException(new InvalidOperationException($"The server has ended:\n{string.Join('\n', Log)}"));
            return;
        }
        lock (_log)
            _log.Add(line);
        if (line.Contains("Control port listening", StringComparison.Ordinal))
        {
            ListeningAt = TimeProvider.System.GetTimestamp();
            listening.TrySetResult();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
