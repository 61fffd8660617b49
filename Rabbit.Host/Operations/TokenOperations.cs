using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Events;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Operations;

/// <summary>
/// What is done to tokens, whoever asks for it: written down, applied to the tunnel that runs, and told to those who listen. When a
/// task completes, what the token no longer allows has ended.
/// </summary>
internal sealed class TokenOperations(TokenStore tokens, TunnelRegistry tunnels, ChangeEvents events)
{
    /// <summary>How long the secret before a rotation stays valid, unless it is said otherwise.</summary>
    public static readonly TimeSpan DefaultOverlap = TimeSpan.FromHours(24);

    /// <summary>Makes a token with a port of its own.</summary>
    public async Task<ManagementResult<CreatedToken>> CreateAsync(Caller caller, NewToken token, CancellationToken cancellationToken)
    {
        ManagementResult<CreatedToken> created = await tokens.CreateAsync(caller.Scope, token, caller.Actor, cancellationToken);
        if (created.Value is { } made)
            events.TellOfToken("token.created", made.Token);
        return created;
    }

    /// <summary>Changes what it allows and how it is called.</summary>
    public async Task<ManagementResult<Token>> ChangeAsync(Caller caller, string tokenId, TokenChange change, CancellationToken cancellationToken)
    {
        ManagementResult<Token> changed = await tokens.UpdateAsync(caller.Scope, tokenId, change, caller.Actor, cancellationToken);
        if (changed.Value is not { } token)
            return changed;
        await tunnels.ApplyChangeAsync(tokenId, CancellationToken.None);
        events.TellOfToken("token.changed", token);
        return changed;
    }

    /// <summary>Gives it a new secret.</summary>
    public async Task<ManagementResult<CreatedToken>> RotateAsync(
        Caller caller, string tokenId, TimeSpan overlap, CancellationToken cancellationToken)
    {
        ManagementResult<CreatedToken> rotated = await tokens.RotateAsync(caller.Scope, tokenId, overlap, caller.Actor, cancellationToken);
        if (rotated.Value is not { } made)
            return rotated;
        await tunnels.ApplyChangeAsync(tokenId, CancellationToken.None);
        events.TellOfToken("token.rotated", made.Token);
        return rotated;
    }

    /// <summary>Revokes it for good; it stays in the lists.</summary>
    public async Task<ManagementResult<Token>> RevokeAsync(Caller caller, string tokenId, CancellationToken cancellationToken)
    {
        ManagementResult<Token> revoked = await tokens.RevokeAsync(caller.Scope, tokenId, caller.Actor, cancellationToken);
        if (revoked.Value is not { } token)
            return revoked;
        await tunnels.RevokeTokenAsync(tokenId);
        events.TellOfToken("token.revoked", token);
        return revoked;
    }

    /// <summary>Deletes it; false when there is none that this caller sees, or none of this team.</summary>
    public async Task<bool> DeleteAsync(Caller caller, string? teamId, string tokenId, CancellationToken cancellationToken)
    {
        Token? token = await tokens.FindAsync(caller.Scope, tokenId, cancellationToken);
        if (token is null || !await tokens.DeleteAsync(caller.Scope, teamId, tokenId, caller.Actor, cancellationToken))
            return false;
        await tunnels.RevokeTokenAsync(tokenId);
        events.TellOfToken("token.deleted", token);
        return true;
    }
}
