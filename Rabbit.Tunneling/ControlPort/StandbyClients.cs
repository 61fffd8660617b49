using Microsoft.Extensions.Options;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>The clients that wait here for the loss of their own node, by token. Any thread may call.</summary>
internal sealed class StandbyClients(IOptions<TunnelingOptions> options, TimeProvider time)
{
    // A token has one client with a session, and that keeps one; the others are those that it has lost and the kernel still believes in.
    private const int MostOfToken = 4;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<StandbyClient>> _clients = new(StringComparer.Ordinal);
    private GoAway? _closed;

    /// <summary>Takes in a client that has authenticated; null when its token has too many, or the server takes none any more.</summary>
    public StandbyClient? TryAdd(TokenRecord token, IncomingConnection incoming)
    {
        lock (_lock)
        {
            if (_closed is not null)
                return null;
            if (!_clients.TryGetValue(token.TokenId, out List<StandbyClient>? ofToken))
                _clients[token.TokenId] = ofToken = [];
            if (ofToken.Count >= MostOfToken)
                return null;
            var client = new StandbyClient(token, incoming, options.Value, time);
            ofToken.Add(client);
            return client;
        }
    }

    /// <summary>The token is not valid any more: its clients are told so.</summary>
    public void End(string tokenId, in GoAway goodbye)
    {
        StandbyClient[] ofToken;
        lock (_lock)
            ofToken = [.. _clients.GetValueOrDefault(tokenId) ?? []];
        foreach (StandbyClient client in ofToken)
            client.End(goodbye);
    }

    /// <summary>Ends those whose token has expired.</summary>
    public void EndExpired(DateTimeOffset now)
    {
        foreach (StandbyClient client in All().Where(client => client.Token.IsExpired(now)))
            client.End(Goodbyes.Expired);
    }

    /// <summary>The node goes: takes no more, and sends away those that there are.</summary>
    public void Close(in GoAway goodbye)
    {
        lock (_lock)
            _closed = goodbye;
        foreach (StandbyClient client in All())
            client.End(goodbye);
    }

    /// <summary>It waits no more.</summary>
    public void Remove(StandbyClient client)
    {
        lock (_lock)
        {
            if (!_clients.TryGetValue(client.Token.TokenId, out List<StandbyClient>? ofToken))
                return;
            ofToken.Remove(client);
            if (ofToken.Count == 0)
                _clients.Remove(client.Token.TokenId);
        }
    }

    /// <summary>The tokens that they have shown, each once.</summary>
    public List<TokenRecord> Tokens()
    {
        lock (_lock)
            return [.. _clients.Values.Select(ofToken => ofToken[0].Token)];
    }

    private StandbyClient[] All()
    {
        lock (_lock)
            return [.. _clients.Values.SelectMany(ofToken => ofToken)];
    }
}
