using Microsoft.Extensions.Logging;
using Rabbit.Client.Connection;
using Rabbit.Client.Output;
using Rabbit.Client.Status;
using Rabbit.Client.Trust;

namespace Rabbit.Client.Tunnels;

/// <summary>A tunnel that is kept up until it is disposed, or cannot be kept.</summary>
internal sealed partial class RunningTunnel : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TunnelRunner _runner;
    private readonly ILogger _logger;
    private Task _running = Task.CompletedTask;

    /// <exception cref="FormatException">A file that it needs cannot be used, in one sentence.</exception>
    public RunningTunnel(TunnelDefinition definition, KnownServers known, TimeProvider time, ILoggerFactory loggers)
    {
        Definition = definition;
        _logger = loggers.CreateLogger(definition.Name ?? LineLoggerProvider.NoTunnel);
        Status = new TunnelStatus(definition.Name, definition.Options, time);
        _runner = new TunnelRunner(definition.Options, new ServerTrust(definition.Options, known, _logger), Status, time, Random.Shared, _logger);
    }

    public TunnelDefinition Definition { get; }

    public TunnelStatus Status { get; }

    /// <summary>Why it cannot be kept, in one sentence; null as long as that is not known. Completes when it has ended.</summary>
    public Task<string?> Completion { get; private set; } = Task.FromResult<string?>(null);

    /// <summary>Begins; once.</summary>
    public void Start()
    {
        Task<string?> run = RunAsync();
        (Completion, _running) = (run, run);
    }

    /// <summary>Ends it, after telling the server.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task<string?> RunAsync()
    {
        try
        {
            await _runner.RunAsync(_stop.Token);
            Status.Stopped();
            return null;
        }
        catch (TunnelFailedException e)
        {
            Status.Failed(e.Message);
            if (Definition.Name is not null) // The only one is told of where the program ends.
                LogFailed(e.Message);
            return e.Message;
        }
        catch (Exception e)
        {
            // Our own bug; what happens to one tunnel may not take the others down.
            LogBroke(e);
            Status.Failed(e.Message);
            return $"Something went wrong in the program itself ({e.Message}); please report it with what it has logged.";
        }
    }

    [LoggerMessage(EventIds.TunnelFailed, LogLevel.Error, "The tunnel has failed for good: {Reason} The others go on; SIGHUP tries it again")]
    private partial void LogFailed(string reason);

    [LoggerMessage(EventIds.TunnelBroke, LogLevel.Error, "The tunnel has ended because of a mistake in the program; please report it")]
    private partial void LogBroke(Exception exception);
}
