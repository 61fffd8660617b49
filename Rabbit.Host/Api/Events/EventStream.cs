using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Events;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api.Events;

/// <summary>The live events as one caller may see them, for as long as its key is valid and the server runs.</summary>
internal sealed class EventStream(TunnelEvents events, ApiKeyStore keys, IHostApplicationLifetime lifetime, TimeProvider time)
{
    // Also how long a key that was revoked goes on hearing.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    /// <summary>Reads until the caller leaves, its key is no longer valid, or the server stops.</summary>
    /// <param name="scope">The only team whose events it may see, or null for all.</param>
    /// <param name="types">The types that it wants, or null for all.</param>
    /// <param name="after">The last event that it has had, or null.</param>
    /// <param name="key">Its key.</param>
    /// <param name="cancellationToken">Cancelled when it leaves.</param>
    public async IAsyncEnumerable<SseItem<LiveEvent>> ReadAsync(
        string? scope, HashSet<string>? types, long? after, string key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        using TunnelEventSubscription subscription = events.Subscribe(
            told => (scope is null || told.TeamId == scope) && (types is null || types.Contains(told.Type)), after);
        long checkedAt = time.GetTimestamp();
        while (!ending.IsCancellationRequested)
        {
            NumberedEvent? next = await subscription.ReadAsync(Silence, ending.Token);
            if (next is null || time.GetElapsedTime(checkedAt) >= Silence)
            {
                if (!await IsValidAsync(key, ending.Token))
                    yield break;
                checkedAt = time.GetTimestamp();
            }
            yield return next is { } told
                ? new SseItem<LiveEvent>(LiveEvent.Of(told.Event), told.Event.Type) { EventId = told.Id.ToString(System.Globalization.CultureInfo.InvariantCulture) }
                : new SseItem<LiveEvent>(new LiveEvent("ping", time.GetUtcNow(), null, null, null, null, ""), "ping");
        }
    }

    // An outage of the database is no reason to cut the stream.
    private async Task<bool> IsValidAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await keys.VerifyAsync(key, cancellationToken) is not null;
        }
        catch (StoreUnavailableException)
        {
            return true;
        }
    }
}
