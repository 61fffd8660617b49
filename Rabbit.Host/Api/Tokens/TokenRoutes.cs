using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Host.Operations;
using Rabbit.Host.Startup;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api.Tokens;

/// <summary>Tokens: what clients log in with, each with a tunnel port of its own.</summary>
internal static class TokenRoutes
{
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
        GenerateTokenRequest request, Caller caller, TokenOperations tokens, ClientUris uris, HttpContext context, CancellationToken cancellationToken)
    {
        var settings = new TokenSettingsChange(
            request.VisitorNetworks, request.ClientNetworks, request.MaxVisitors, request.MaxVisitorsPerAddress, request.HoldSeconds);
        ManagementResult<CreatedToken> created = await tokens.CreateAsync(
            caller,
            new NewToken(
                request.TeamId, request.Name, request.Description, request.ExpiresInDays, request.ExpiresAt, request.Port,
                request.Kind ?? ServiceKind.Unknown, settings),
            cancellationToken);
        return created.Value is { } made
            ? TypedResults.Created($"/api/v1/tokens/{made.Token.TokenId}", new Answer<GeneratedToken>("Token generated", Show(made, uris, context)))
            : Problems.Of(created.Error, created.Sentence);
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
        string tokenId, ChangeTokenRequest request, Caller caller, TokenOperations tokens, TunnelRegistry tunnels, CancellationToken cancellationToken)
    {
        var settings = new TokenSettingsChange(
            request.VisitorNetworks, request.ClientNetworks, request.MaxVisitors, request.MaxVisitorsPerAddress, request.HoldSeconds);
        ManagementResult<Token> changed = await tokens.ChangeAsync(
            caller, tokenId, new TokenChange(request.Name, request.Description, request.Kind, request.ExpiresInDays, request.ExpiresAt, settings),
            cancellationToken);
        return changed.Value is { } token
            ? TypedResults.Ok(new Answer<TokenDetails>("Token changed", TokenDetails.Of(token, tunnels)))
            : Problems.Of(changed.Error, changed.Sentence);
    }

    private static async Task<Results<Ok<Answer<GeneratedToken>>, ProblemHttpResult>> RotateAsync(
        string tokenId, RotateTokenRequest request, Caller caller, TokenOperations tokens, ClientUris uris, HttpContext context,
        CancellationToken cancellationToken)
    {
        TimeSpan overlap = request.OverlapSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : TokenOperations.DefaultOverlap;
        ManagementResult<CreatedToken> rotated = await tokens.RotateAsync(caller, tokenId, overlap, cancellationToken);
        return rotated.Value is { } made
            ? TypedResults.Ok(new Answer<GeneratedToken>("Token rotated", Show(made, uris, context)))
            : Problems.Of(rotated.Error, rotated.Sentence);
    }

    private static async Task<Results<Ok<Answer<TokenDetails>>, ProblemHttpResult>> RevokeAsync(
        string tokenId, Caller caller, TokenOperations tokens, TunnelRegistry tunnels, CancellationToken cancellationToken)
    {
        ManagementResult<Token> revoked = await tokens.RevokeAsync(caller, tokenId, cancellationToken);
        return revoked.Value is { } token
            ? TypedResults.Ok(new Answer<TokenDetails>(
                "Token revoked; its client is disconnected and its port is closed", TokenDetails.Of(token, tunnels)))
            : Problems.Of(revoked.Error, revoked.Sentence);
    }

    private static Task<Results<Ok<Done>, ProblemHttpResult>> DeleteAsync(
        string tokenId, Caller caller, TokenOperations tokens, CancellationToken cancellationToken) =>
        DeleteOfTeamAsync(null, tokenId, caller, tokens, cancellationToken);

    private static async Task<Results<Ok<Done>, ProblemHttpResult>> DeleteOfTeamAsync(
        string? teamId, string tokenId, Caller caller, TokenOperations tokens, CancellationToken cancellationToken) =>
        await tokens.DeleteAsync(caller, teamId, tokenId, cancellationToken)
            ? TypedResults.Ok(new Done("Token deleted; its client is disconnected and its port is closed"))
            : Problems.NotFound(NoSuchToken);

    private static GeneratedToken Show(CreatedToken made, ClientUris uris, HttpContext context)
    {
        Token token = made.Token;
        return new GeneratedToken(
            token.TokenId, token.TeamId, token.TeamName, token.Name, made.Text.Reveal(), token.Description, token.Port, token.Protocol,
            token.CreatedAt, token.ExpiresAt, uris.For(made.Text, context.Request.Host.Host), token.PreviousSecretUntil);
    }
}
