using System.CommandLine;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using Rabbit.Client.Output;
using Rabbit.Client.Status;
using Rabbit.Client.Status.Sharing;
using Rabbit.Client.Systemd;
using Rabbit.Client.Telemetry;
using Rabbit.Client.Terminal;
using Rabbit.Client.Trust;
using Rabbit.Client.Tunnels;

namespace Rabbit.Client.Commands;

/// <summary>What surrounds tunnels while they run: the log, the live view, the status socket, systemd, and the signals that end it.</summary>
internal sealed partial class ClientHost : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeProvider Clock = TimeProvider.System;

    private readonly CancellationTokenSource _stop;
    private readonly LogFormat? _format;
    private readonly TunnelList _list = new();
    private readonly DateTimeOffset _startedAt = Clock.GetUtcNow();
    private readonly string? _file;
    private readonly TracerProvider? _traces = ClientTelemetry.StartTraces();
    private readonly ConsoleOutput _output;
    private readonly ILoggerFactory _loggers;
    private readonly ServiceManager _manager;
    private readonly PosixSignalRegistration[] _signals;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenRegistration _stopping;
    private readonly StatusServer? _status;
    private readonly Task _looking;
    private bool _hasEnded;

    /// <param name="parsed">The command line, with <see cref="OutputOptions"/>.</param>
    /// <param name="file">The file of the tunnels, or null.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="OptionException">An option is wrong.</exception>
    public ClientHost(ParseResult parsed, string? file, CancellationToken cancellationToken)
    {
        _format = OutputOptions.ReadFormat(parsed);
        _file = file;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bool isLive = _format is null && TerminalWindow.CanRedraw;
        _output = new ConsoleOutput(Console.OpenStandardOutput(), isLive ? new LiveView(_list, TerminalStyle.Detect(), Clock) : null, Clock);
        _loggers = LoggerFactory.Create(logging =>
        {
            logging.SetMinimumLevel(OutputOptions.IsVerbose(parsed) ? LogLevel.Debug : LogLevel.Information)
                .AddProvider(new LineLoggerProvider(_output, _format ?? LogFormat.Text, Clock));
            ClientTelemetry.AddExport(logging);
        });
        Logger = _loggers.CreateLogger(LineLoggerProvider.NoTunnel);
        _manager = new ServiceManager(Logger);
        _signals = [StopOn(PosixSignal.SIGTERM), StopOn(PosixSignal.SIGINT)];
        if (!OperatingSystem.IsWindows())
            _signals = [.. _signals, PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => _output.Restart())];
        _stopping = _stop.Token.UnsafeRegister(static stopped => ((TaskCompletionSource)stopped!).TrySetResult(), _stopped);
        Tunnels = new TunnelSet(KnownServers.Default(), _list, Clock, _loggers);
        _status = StatusServer.TryStart(StatusSockets.Own, Report, Clock, Logger);
        _list.Changed += _output.Refresh;
        _looking = LookAsync();
    }

    public ILogger Logger { get; }

    public TunnelSet Tunnels { get; }

    /// <summary>Cancelled when the program is to end.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Completes when the program is to end.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>The tunnels are under way.</summary>
    public void TellReady() => _manager.TellReady();

    /// <summary>Ends everything, then says why, if there is a reason; the exit status.</summary>
    public async Task<int> EndAsync(string? failure)
    {
        if (failure is not null && _format == LogFormat.Json)
            LogFailed(Logger, failure);
        await DisposeAsync();
        if (failure is null)
            return ExitCode.Ok;
        return _format == LogFormat.Json ? ExitCode.Failure : ClientCommand.Fail(ExitCode.Failure, failure);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_hasEnded)
            return;
        _hasEnded = true;
        await _stop.CancelAsync();
        _manager.TellStopping();
        if (_status is not null)
            await _status.DisposeAsync();
        await Tunnels.DisposeAsync();
        await _looking;
        _list.Changed -= _output.Refresh;
        await ClientTelemetry.EndAsync(_loggers, _traces);
        _output.Refresh();
        await _output.DisposeAsync();
        _manager.Dispose();
        foreach (PosixSignalRegistration signal in _signals)
            signal.Dispose();
        await _stopping.DisposeAsync();
        _stop.Dispose();
    }

    private ClientReport Report() => new(ClientVersion.Text, Environment.ProcessId, _startedAt, _file, _list.Snapshot());

    // Keeps the rates, which are of the last second, the live view and systemd up to date.
    private async Task LookAsync()
    {
        using var pace = new PeriodicTimer(LookInterval, Clock);
        try
        {
            while (await pace.WaitForNextTickAsync(_stop.Token))
            {
                _manager.Show(_list.Snapshot());
                _output.Refresh();
            }
        }
        catch (OperationCanceledException)
        {
            // The program ends.
        }
    }

    // The first signal stops in order; a second one, when the registration no longer cancels it, ends the process at once.
    private PosixSignalRegistration StopOn(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        if (_stop.IsCancellationRequested)
            return;
        context.Cancel = true;
        _stop.Cancel();
    });

    [LoggerMessage(EventIds.ProgramFailed, LogLevel.Error, "{Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
