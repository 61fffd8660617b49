using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Events;

namespace Rabbit.Host.Api.Events;

/// <summary>Tells those who listen to the live events what was changed through the API.</summary>
internal sealed class ChangeEvents(TunnelEvents events, TimeProvider time)
{
    public void TellOfTeam(string type, string teamId, string detail) => Tell(type, teamId, null, null, detail);

    public void TellOfToken(string type, Token token) => Tell(type, token.TeamId, token.TokenId, token.Port, token.Name);

    public void TellOfToken(string type, string? teamId, string tokenId) => Tell(type, teamId, tokenId, null, "");

    /// <summary>Something of the whole server.</summary>
    public void Tell(string type, string detail) => Tell(type, null, null, null, detail);

    private void Tell(string type, string? teamId, string? tokenId, int? port, string detail) =>
        events.Publish(new TunnelEvent(type, time.GetUtcNow(), teamId, tokenId, port, null, detail));
}
