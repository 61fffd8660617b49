using Rabbit.Protocol.Transport;

namespace Rabbit.Tunneling.Sessions;

/// <summary>Why a visitor got no data channel.</summary>
internal enum ChannelFailure
{
    None,

    /// <summary>The session ended while the visitor waited; another may already be there.</summary>
    SessionEnded,

    /// <summary>The client did not open one in time.</summary>
    TimedOut,

    /// <summary>The client reported that it cannot open one.</summary>
    ClientFailed,

    /// <summary>Too many visitors of this tunnel wait already.</summary>
    TooManyWaiting,
}

/// <summary>
/// One visitor's wait for a data channel. Completed once, by whoever is first: a channel that arrives, the deadline, or the
/// session's end; a channel that comes too late is refused by <see cref="TryGive"/> and stays the giver's to close.
/// </summary>
internal sealed class ChannelRequest
{
    // The visitor goes on where its channel arrives: nobody completes this under a lock, and what follows does not block.
    private readonly TaskCompletionSource<(RelayEnd? Channel, ChannelFailure Failure)> _result = new();

    public bool TryGive(RelayEnd channel) => _result.TrySetResult((channel, ChannelFailure.None));

    public bool TryFail(ChannelFailure failure) => _result.TrySetResult((null, failure));

    /// <summary>Waits for the outcome, at most until the deadline.</summary>
    public async Task<(RelayEnd? Channel, ChannelFailure Failure)> WaitAsync(TimeSpan timeout, TimeProvider time)
    {
        try
        {
            return await _result.Task.WaitAsync(timeout, time);
        }
        catch (TimeoutException)
        {
            TryFail(ChannelFailure.TimedOut);
            return await _result.Task;
        }
    }
}
