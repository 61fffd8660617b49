using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Host.Api.Events;
using Rabbit.Host.Startup;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api.Tokens;

/// <summary>Tokens: what clients log in with, each with a tunnel port of its own.</summary>
internal static class TokenRoutes
{
    private const int DefaultOverlapSeconds = 24 * 3600;
    private const string NoSuchToken = "There is no token with this id; list the tokens to find the right one.";

    public static void MapTokens(this RouteGroupBuilder api)
    {
        RouteGroupBuilder tokens = api.MapGroup("/tokens").WithTags("Tokens");
        tokens.MapPost("/generate", GenerateAsync).WithName("GenerateToken").RequireAuthorization(Allow.Manage)
            .WithSummary("Makes a token with a port of its own; the token itself is shown this once")
            .Answers(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);
        tokens.MapGet("/", ListAsync).WithName("ListTokens").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Lists tokens, newest first").Choice("state", EnumText<TokenState>.Names);
        tokens.MapGet("/{tokenId}", FindAsync).WithName("GetToken").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Shows a token").Answers(StatusCodes.Status404NotFound);
        tokens.MapPatch("/{tokenId}", ChangeAsync).WithName("ChangeToken").RequireAuthorization(Allow.Manage)
            .WithSummary("Changes a token; when the answer arrives, what it no longer allows is disconnected")
            .Answers(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);
        tokens.MapPost("/{tokenId}/rotate", RotateAsync).WithName("RotateToken").RequireAuthorization(Allow.Manage)
            .WithSummary("Gives a token a new secret; the old one goes on being valid for a while")
            .Answers(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);
        tokens.MapPost("/{tokenId}/revoke", RevokeAsync).WithName("RevokeToken").RequireAuthorization(Allow.Manage)
            .WithSummary("Revokes a token for good and keeps it in the lists; when the answer arrives its client is disconnected and its port closed")
            .Answers(StatusCodes.Status404NotFound);
        tokens.MapDelete("/{tokenId}", DeleteAsync).WithName("DeleteToken").RequireAuthorization(Allow.Manage)
            .WithSummary("Deletes a token; when the answer arrives its client is disconnected and its port closed")
            .Answers(StatusCodes.Status404NotFound);
        api.MapDelete("/teams/{teamId}/tokens/{tokenId}", DeleteOfTeamAsync).WithTags("Tokens").WithName("DeleteTeamToken")
            .RequireAuthorization(Allow.Manage).WithSummary("Deletes a token of a team; as by its id alone")
            .Answers(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Created<Answer<GeneratedToken>>, ProblemHttpResult>> GenerateAsync(
        GenerateTokenRequest request, Caller caller, TokenStore tokens, ClientUris uris, ChangeEvents events, HttpContext context,
        CancellationToken cancellationToken)
    {
        var settings = new TokenSettingsChange(
            request.VisitorNetworks, request.ClientNetworks, request.MaxVisitors, request.MaxVisitorsPerAddress, request.HoldSeconds);
        ManagementResult<CreatedToken> created = await tokens.CreateAsync(
            caller.Scope,
            new NewToken(
                request.TeamId, request.Name, request.Description, request.ExpiresInDays, request.ExpiresAt, request.Port,
                request.Kind ?? ServiceKind.Unknown, settings),
            caller.Actor, cancellationToken);
        if (created.Value is not { } made)
            return Problems.Of(created.Error, created.Sentence);
        events.TellOfToken("token.created", made.Token);
        return TypedResults.Created($"/api/v1/tokens/{made.Token.TokenId}", new Answer<GeneratedToken>("Token generated", Show(made, uris, context)));
    }

    private static async Task<Results<Ok<PageAnswer<TokenDetails>>, ProblemHttpResult>> ListAsync(
        [FromQuery(Name = "team_id")] string? teamId, [FromQuery(Name = "state")] string? state, [AsParameters] PageQuery page, Caller caller,
        TokenStore tokens, TunnelRegistry tunnels, CancellationToken cancellationToken)
    {
        if (!EnumText<TokenState>.TryRead("state", state, out TokenState? known, out string sentence))
            return Problems.BadRequest(sentence);
        ManagementResult<Page<Token>> read = await tokens.ListAsync(
            caller.Scope, new TokenFilter(teamId, known), page.Cursor, page.Most, cancellationToken);
        return read.Value is { } found
            ? TypedResults.Ok(PageAnswer.Of(found, token => TokenDetails.Of(token, tunnels), "tokens"))
            : Problems.Of(read.Error, read.Sentence);
    }

    private static async Task<Results<Ok<Answer<TokenDetails>>, ProblemHttpResult>> FindAsync(
        string tokenId, Caller caller, TokenStore tokens, TunnelRegistry tunnels, CancellationToken cancellationToken) =>
        await tokens.FindAsync(caller.Scope, tokenId, cancellationToken) is { } token
            ? TypedResults.Ok(new Answer<TokenDetails>("Token", TokenDetails.Of(token, tunnels)))
            : Problems.NotFound(NoSuchToken);

    private static async Task<Results<Ok<Answer<TokenDetails>>, ProblemHttpResult>> ChangeAsync(
        string tokenId, ChangeTokenRequest request, Caller caller, TokenStore tokens, TunnelRegistry tunnels, ChangeEvents events,
        CancellationToken cancellationToken)
    {
        var settings = new TokenSettingsChange(
            request.VisitorNetworks, request.ClientNetworks, request.MaxVisitors, request.MaxVisitorsPerAddress, request.HoldSeconds);
        ManagementResult<Token> changed = await tokens.UpdateAsync(
            caller.Scope, tokenId,
            new TokenChange(request.Name, request.Description, request.Kind, request.ExpiresInDays, request.ExpiresAt, settings),
            caller.Actor, cancellationToken);
        if (changed.Value is not { } token)
            return Problems.Of(changed.Error, changed.Sentence);
        await tunnels.ApplyChangeAsync(tokenId, CancellationToken.None);
        events.TellOfToken("token.changed", token);
        return TypedResults.Ok(new Answer<TokenDetails>("Token changed", TokenDetails.Of(token, tunnels)));
    }

    private static async Task<Results<Ok<Answer<GeneratedToken>>, ProblemHttpResult>> RotateAsync(
        string tokenId, RotateTokenRequest request, Caller caller, TokenStore tokens, TunnelRegistry tunnels, ClientUris uris,
        ChangeEvents events, HttpContext context, CancellationToken cancellationToken)
    {
        var overlap = TimeSpan.FromSeconds(request.OverlapSeconds ?? DefaultOverlapSeconds);
        ManagementResult<CreatedToken> rotated = await tokens.RotateAsync(caller.Scope, tokenId, overlap, caller.Actor, cancellationToken);
        if (rotated.Value is not { } made)
            return Problems.Of(rotated.Error, rotated.Sentence);
        await tunnels.ApplyChangeAsync(tokenId, CancellationToken.None);
        events.TellOfToken("token.rotated", made.Token);
        return TypedResults.Ok(new Answer<GeneratedToken>("Token rotated", Show(made, uris, context)));
    }

    private static async Task<Results<Ok<Answer<TokenDetails>>, ProblemHttpResult>> RevokeAsync(
        string tokenId, Caller caller, TokenStore tokens, TunnelRegistry tunnels, ChangeEvents events, CancellationToken cancellationToken)
    {
        ManagementResult<Token> revoked = await tokens.RevokeAsync(caller.Scope, tokenId, caller.Actor, cancellationToken);
        if (revoked.Value is not { } token)
            return Problems.Of(revoked.Error, revoked.Sentence);
        await tunnels.RevokeTokenAsync(tokenId);
        events.TellOfToken("token.revoked", token);
        return TypedResults.Ok(new Answer<TokenDetails>(
            "Token revoked; its client is disconnected and its port is closed", TokenDetails.Of(token, tunnels)));
    }

    private static Task<Results<Ok<Done>, ProblemHttpResult>> DeleteAsync(
        string tokenId, Caller caller, TokenStore tokens, TunnelRegistry tunnels, ChangeEvents events, CancellationToken cancellationToken) =>
        DeleteOfTeamAsync(null, tokenId, caller, tokens, tunnels, events, cancellationToken);

    private static async Task<Results<Ok<Done>, ProblemHttpResult>> DeleteOfTeamAsync(
        string? teamId, string tokenId, Caller caller, TokenStore tokens, TunnelRegistry tunnels, ChangeEvents events,
        CancellationToken cancellationToken)
    {
        Token? token = await tokens.FindAsync(caller.Scope, tokenId, cancellationToken);
        if (token is null || !await tokens.DeleteAsync(caller.Scope, teamId, tokenId, caller.Actor, cancellationToken))
            return Problems.NotFound(NoSuchToken);
        await tunnels.RevokeTokenAsync(tokenId);
        events.TellOfToken("token.deleted", token);
        return TypedResults.Ok(new Done("Token deleted; its client is disconnected and its port is closed"));
    }

    private static GeneratedToken Show(CreatedToken made, ClientUris uris, HttpContext context)
    {
        Token token = made.Token;
        return new GeneratedToken(
            token.TokenId, token.TeamId, token.TeamName, token.Name, made.Text.Reveal(), token.Description, token.Port, token.Protocol,
            token.CreatedAt, token.ExpiresAt, uris.For(made.Text, context.Request.Host.Host), token.PreviousSecretUntil);
    }
}
