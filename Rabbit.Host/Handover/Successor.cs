using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Rabbit.Host.Startup;
using Rabbit.Host.Systemd;
using Rabbit.Persistence;
using Rabbit.Tunneling.Handover;
using Rabbit.Tunneling.Restoration;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Handover;

/// <summary>
/// First of all at a start: takes up the sockets that listen already, of the server that is to be replaced or of systemd. When everything
/// else has started a successor says so, and serves from the moment at which the other server does not any more. If it fails
/// before, the other has only waited.
/// </summary>
internal sealed partial class Successor(
    Takeover takeover, StoreHandover store, InheritedListeners inherited, ListeningSockets listening, AcceptGate gate, StateStart state,
    TunnelRestoration restoration, ServiceManager manager, IOptions<PersistenceOptions> options, ILogger<Successor> logger)
    : IHostedLifecycleService, IDisposable
{
    // The other has writes to finish, and then visitors to connect.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private HandoverChannel? _other;

    /// <inheritdoc/>
    /// <exception cref="IOException">There is no server to take over from, or it refuses.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        ListenDescriptors.TakeUp(inherited);
        if (!takeover.IsWanted)
            return;
        gate.Close();
        _other = new HandoverChannel(HandoverSockets.Connect(options.Value.Data));
        await SendAsync(new HandoverMessage(HandoverStep.Ask));
        while (await ReceiveAsync() is var (message, descriptors) && message.Step == HandoverStep.Pass)
        {
            for (int i = 0; i < descriptors.Count; i++)
                TakeUp(message.Names![i], descriptors[i]);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The other server does not give its ports after all.</exception>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (_other is null)
        {
            _ = CloseRestAsync();
            return;
        }
        await SendAsync(new HandoverMessage(HandoverStep.Ready));
        await ReceiveAsync();
        try
        {
            await restoration.CompleteAsync(cancellationToken);
        }
        catch (StoreUnavailableException e)
        {
            LogIncomplete(e.Message);
        }
        store.Begin();
        gate.Open();
        LogTakenOver(listening.All.Count);
        await CloseRestAsync();
    }

    /// <summary>Lets the other server end.</summary>
    public async Task TellServingAsync()
    {
        if (_other is null)
            return;
        try
        {
            await _other.SendAsync(new HandoverMessage(HandoverStep.Serving));
        }
        catch (SocketException)
        {
            // It has gone already.
        }
        _other.Dispose();
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _other?.Dispose();

    private void TakeUp(string name, int descriptor)
    {
        if (name == HandoverMessage.Lock)
            store.ShareLock(descriptor);
        else
            inherited.Add(name, descriptor);
    }

    // Ports that no restored tunnel has: their clients were stopped, or their tokens deleted.
    private async Task CloseRestAsync()
    {
        try
        {
            await state.Completed;
        }
        catch (OperationCanceledException)
        {
            return; // The server stops before its tunnels are restored.
        }
        foreach (string name in inherited.CloseRest())
            manager.Unpark(name);
    }

    private async Task SendAsync(HandoverMessage message)
    {
        try
        {
            await _other!.SendAsync(message);
        }
        catch (SocketException e)
        {
            throw Gone(e);
        }
    }

    private async Task<(HandoverMessage Message, IReadOnlyList<int> Descriptors)> ReceiveAsync()
    {
        var (message, descriptors) = await _other!.ReceiveAsync(Patience);
        return message switch
        {
            null => throw Gone(null),
            { Step: HandoverStep.Refuse } => throw new IOException(message.Sentence),
            _ => (message, descriptors),
        };
    }

    private static IOException Gone(Exception? inner) => new("The running server broke off the takeover, or did not answer in time; its log says why.", inner);

    [LoggerMessage(EventIds.TakenOver, LogLevel.Information, "Taken over: {Sockets} listening sockets are this process's now")]
    private partial void LogTakenOver(int sockets);

    [LoggerMessage(EventIds.TakeoverIncomplete, LogLevel.Warning, "Sessions of the server before this one are stored as they were: {Reason}")]
    private partial void LogIncomplete(string reason);
}
