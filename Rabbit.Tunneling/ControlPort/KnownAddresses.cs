using System.Net;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>
/// The addresses from which clients have logged in, with which tokens: as long as they are here, and for <see cref="Afterwards"/>, so
/// that they get in again when their network or the server was away. After a start those of the restored sessions are known. Any thread may call.
/// </summary>
internal sealed class KnownAddresses(TimeProvider time)
{
    // Who comes and goes from more addresses than these at once is a stranger again as soon as it has gone.
    private const int MostAddresses = 65_536;

    private static readonly TimeSpan Afterwards = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<VisitorNetwork, Dictionary<string, Logins>> _known = [];

    /// <summary>True when a client has logged in from this address.</summary>
    public bool Contain(IPAddress address)
    {
        lock (_lock)
            return _known.ContainsKey(VisitorNetwork.Of(address));
    }

    /// <summary>True when a client has logged in from this address with this token.</summary>
    public bool Contain(IPAddress address, string tokenId)
    {
        lock (_lock)
            return _known.TryGetValue(VisitorNetwork.Of(address), out Dictionary<string, Logins>? tokens) && tokens.ContainsKey(tokenId);
    }

    /// <summary>A client has logged in from this address; dispose the result when its session ends.</summary>
    public IDisposable Add(IPAddress address, string tokenId)
    {
        var network = VisitorNetwork.Of(address);
        lock (_lock)
        {
            if (!_known.TryGetValue(network, out Dictionary<string, Logins>? tokens))
                _known[network] = tokens = [];
            tokens[tokenId] = new Logins(tokens.GetValueOrDefault(tokenId).Sessions + 1, 0);
        }
        return new Login(this, network, tokenId);
    }

    /// <summary>A client that was here before this server started is expected back from this address.</summary>
    public void Expect(IPAddress address, string tokenId) => Add(address, tokenId).Dispose();

    /// <summary>Forgets those whose last client is long gone.</summary>
    public void ForgetOld()
    {
        lock (_lock)
        {
            foreach (var (network, tokens) in _known)
            {
                foreach (var (tokenId, logins) in tokens)
                {
                    if (logins.Sessions == 0 && time.GetElapsedTime(logins.EndedAt) > Afterwards)
                        Remove(network, tokens, tokenId);
                }
            }
        }
    }

    private void SessionEnded(VisitorNetwork network, string tokenId)
    {
        lock (_lock)
        {
            Dictionary<string, Logins> tokens = _known[network];
            int left = tokens[tokenId].Sessions - 1;
            if (left == 0 && _known.Count > MostAddresses)
                Remove(network, tokens, tokenId);
            else
                tokens[tokenId] = new Logins(left, time.GetTimestamp());
        }
    }

    private void Remove(VisitorNetwork network, Dictionary<string, Logins> tokens, string tokenId)
    {
        tokens.Remove(tokenId);
        if (tokens.Count == 0)
            _known.Remove(network);
    }

    private readonly record struct Logins(int Sessions, long EndedAt);

    private sealed class Login(KnownAddresses addresses, VisitorNetwork network, string tokenId) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
                addresses.SessionEnded(network, tokenId);
        }
    }
}
