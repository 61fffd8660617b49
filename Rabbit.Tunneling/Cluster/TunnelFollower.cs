using Microsoft.Extensions.DependencyInjection;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Tunneling.Cluster;

/// <summary>Has a tunnel's visitors served by whoever owns it now, as the directory knows.</summary>
internal sealed class TunnelFollower(ITunnelDirectory directory, IServiceProvider services)
{
    // A lone server has none.
    private readonly Lazy<IRemoteSessions> _remotes = new(services.GetRequiredService<IRemoteSessions>);

    /// <summary>Brings the tunnel in line with its route; may be called at the same time for one tunnel.</summary>
    public async ValueTask FollowAsync(Tunnel tunnel)
    {
        if (!directory.IsShared)
            return;
        string tokenId = tunnel.Token.TokenId;
        TunnelRoute? route;
        do
        {
            route = directory.Find(tokenId);
            if (tunnel.Session is { } own and not RemoteSession && !await directory.ConfirmAsync(tokenId, own.Record.Epoch))
                tunnel.Fence(own);
            if (route is not null && route.Run != directory.Self.Run)
                tunnel.Follow(route, _remotes.Value);
            else
                tunnel.Lose("its node has let go of it, or is gone");
        }
        while (directory.Find(tokenId) != route);
    }
}
