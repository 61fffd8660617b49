using Microsoft.AspNetCore.Components;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Dashboard.Access;
using Rabbit.Tunneling.Events;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Dashboard.Live;

/// <summary>
/// What follows the server: reads again when something has happened that concerns it, and at its pace anyhow. However much happens,
/// a browser is sent no more than five pictures a second.
/// </summary>
public abstract class LiveComponent : ComponentBase, IAsyncDisposable
{
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(200);

    private readonly CancellationTokenSource _gone = new();
    private readonly SemaphoreSlim _reading = new(1);
    private Task _following = Task.CompletedTask;

    /// <summary>True once there is something to show.</summary>
    protected bool IsRead { get; private set; }

    /// <summary>Why what is shown is not up to date, or null.</summary>
    protected string? Problem { get; private set; }

    /// <summary>Cancelled when nobody looks any more.</summary>
    protected CancellationToken Gone => _gone.Token;

    /// <summary>How long what is shown may be old when nothing happens.</summary>
    protected virtual TimeSpan Pace => TimeSpan.FromSeconds(1);

    [Inject]
    private protected SignedIn SignedIn { get; set; } = null!;

    [Inject]
    private protected TunnelEvents Events { get; set; } = null!;

    [Inject]
    private protected TimeProvider Time { get; set; } = null!;

    /// <summary>For whom it is drawn.</summary>
    private protected Caller Caller { get; private set; } = null!;

    /// <summary>True when the caller may change tokens and sessions.</summary>
    protected bool MayManage { get; private set; }

    /// <summary>Reads what is to be shown.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    protected abstract Task ReadAsync();

    /// <summary>Whether this is a reason to read again at once.</summary>
    private protected virtual bool Concerns(TunnelEvent told) => false;

    /// <summary>An event that <see cref="Concerns"/> this, as it arrives.</summary>
    private protected virtual void Hear(TunnelEvent told)
    {
    }

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        Caller = await SignedIn.ReadAsync();
        MayManage = await SignedIn.MayManageAsync();
        TunnelEventSubscription subscription = Events.Subscribe(
            told => (Caller.Scope is null || told.TeamId == Caller.Scope) && Concerns(told), after: null);
        await TryReadAsync();
        _following = FollowAsync(subscription);
    }

    /// <summary>Reads now, whatever has happened.</summary>
    protected Task TryReadAsync() => TryReadAsync(ReadAsync);

    /// <summary>The same with another way of reading. One after the other: what was asked for last is shown last.</summary>
    protected async Task TryReadAsync(Func<Task> read)
    {
        try
        {
            await _reading.WaitAsync(_gone.Token);
            try
            {
                await read();
                (IsRead, Problem) = (true, null);
            }
            finally
            {
                _reading.Release();
            }
        }
        catch (StoreUnavailableException)
        {
            Problem = "The server's database does not answer now; tunnels go on, and this page comes back by itself.";
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // Nobody looks any more.
        }
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        await _following;
        // Source and semaphore hold nothing to free, and what somebody has just clicked may still look at them.
        GC.SuppressFinalize(this);
    }

    private async Task FollowAsync(TunnelEventSubscription subscription)
    {
        using (subscription)
        {
            try
            {
                while (!_gone.IsCancellationRequested)
                {
                    NumberedEvent? next = await subscription.ReadAsync(Pace, _gone.Token);
                    for (; next is not null; next = subscription.TryRead())
                        Hear(next.Event);
                    if (_gone.IsCancellationRequested)
                        return;
                    await InvokeAsync(RefreshAsync);
                    await Task.Delay(Rest, Time, _gone.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                // Nobody looks any more.
            }
            catch (Exception e)
            {
                await DispatchExceptionAsync(e);
            }
        }
    }

    private async Task RefreshAsync()
    {
        await TryReadAsync();
        StateHasChanged();
    }
}
