using System.Collections.Concurrent;
using Rabbit.Host.Tls;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Rabbit.Tunneling;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;

namespace Rabbit.Tests.Tunneling.Cluster;

/// <summary>Nodes in one process that know each other, with certificates of one authority, and the tokens that all of them accept.</summary>
internal sealed class ForwardCluster : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly TempDirectory _files = new();
    private readonly NodeAuthority _authority;
    private readonly List<ForwardNode> _nodes = [];
    private readonly Dictionary<string, TokenText> _texts = [];

    public ForwardCluster() => _authority = NodeAuthority.OpenOrMake(_files.Path, TimeProvider.System.GetUtcNow());

    public ForwardBoard Board { get; } = new();

    public TokenStore Tokens { get; } = new();

    public string FileOf(string name) => _files.File(name);

    public async Task<ForwardNode> StartAsync(string name, Action<TunnelingOptions>? change = null)
    {
        _authority.Issue(name);
        ForwardNode node = await ForwardNode.StartAsync(this, name, (byte)(11 + _nodes.Count), change ?? (_ => { }));
        _nodes.Add(node);
        return node;
    }

    public TokenRecord CreateToken()
    {
        var text = TokenText.Create();
        _texts[text.Id] = text;
        var token = new TokenRecord(text.Id, "team", "team", "token", text.HashSecret(), ReservedPorts.Take(1), ServiceKind.Other, null, null, 0)
        {
            // Patient, so that a slow machine changes nothing.
            Rules = TunnelRules.None with { Hold = TimeSpan.FromMinutes(1) },
        };
        Tokens.All[token.TokenId] = token;
        return token;
    }

    public TokenText TextOf(TokenRecord token) => _texts[token.TokenId];

    /// <summary>Waits until the node sends the token's visitors to this one.</summary>
    public static Task FollowsAsync(ForwardNode node, TokenRecord token, ForwardNode owner) => Eventually.BecomesAsync(
        () => (node.SessionOf(token) as RemoteSession)?.Route.Node ?? "nobody", name => name == owner.Name, Soon, $"{node.Name} forwards to {owner.Name}");

    public async ValueTask DisposeAsync()
    {
        foreach (ForwardNode node in _nodes)
            await node.DisposeAsync();
        _authority.Dispose();
        _files.Dispose();
    }

    /// <summary>The tokens of all nodes.</summary>
    internal sealed class TokenStore : ITokenStore
    {
        public ConcurrentDictionary<string, TokenRecord> All { get; } = new();

        public Task<TokenRecord?> FindTokenAsync(string tokenId, CancellationToken cancellationToken) => Task.FromResult(All.GetValueOrDefault(tokenId));

        public Task<IReadOnlyList<ChangedToken>> FindChangedAsync(IReadOnlyCollection<KnownToken> known, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<ChangedToken>>([]);
    }
}
