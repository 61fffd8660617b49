namespace Rabbit.Tunneling.Sessions;

/// <summary>Fired once, when the drain is over: every relay that still runs is reset.</summary>
internal sealed class AbortSignal : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    public CancellationToken Token => _source.Token;

    public Task FireAsync() => _source.CancelAsync();

    public void Dispose() => _source.Dispose();
}
