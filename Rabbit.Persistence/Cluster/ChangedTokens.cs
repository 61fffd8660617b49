using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Rabbit.Persistence.Cluster;

/// <summary>Tokens to be looked at, in the order in which they were added; each is in it once, so that it never has more than there are tokens.</summary>
internal sealed class ChangedTokens : ChannelReader<string>
{
    private readonly ConcurrentDictionary<string, bool> _waiting = new(StringComparer.Ordinal);
    private readonly Channel<string> _queue = Channel.CreateUnbounded<string>();

    /// <summary>Adds a token, unless it waits already.</summary>
    public void Add(string tokenId)
    {
        if (_waiting.TryAdd(tokenId, true))
            _queue.Writer.TryWrite(tokenId);
    }

    /// <inheritdoc/>
    public override bool TryRead([MaybeNullWhen(false)] out string item)
    {
        if (!_queue.Reader.TryRead(out item))
            return false;
        // Before it is looked at: a change during the look is another one.
        _waiting.TryRemove(item, out _);
        return true;
    }

    /// <inheritdoc/>
    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => _queue.Reader.WaitToReadAsync(cancellationToken);
}
