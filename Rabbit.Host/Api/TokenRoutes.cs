using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api;

internal sealed record GenerateTokenRequest(string? TeamId, string? Name, string? Description, int? ExpiresInDays, int? Port, string? Kind);

internal sealed record GeneratedToken(
    string TokenId, string TeamId, string TeamName, string TokenName, string Token, string Description, int AssignedPort,
    string Protocol, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

/// <summary>Making tokens.</summary>
internal static class TokenRoutes
{
    public static void MapTokens(this RouteGroupBuilder api) =>
        api.MapGroup("/tokens").WithTags("Tokens").MapPost("/generate", GenerateAsync)
            .WithSummary("Makes a token with a port of its own; the token itself is shown this once")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);

    private static async Task<Results<Created<Answer<GeneratedToken>>, ProblemHttpResult>> GenerateAsync(
        GenerateTokenRequest request, TokenStore tokens, Audit audit, CancellationToken cancellationToken)
    {
        ServiceKind kind = ServiceKind.Unknown;
        if (request.Kind is not null && (!Enum.TryParse(request.Kind, ignoreCase: true, out kind) || !Enum.IsDefined(kind)))
            return Problems.Of(StatusCodes.Status400BadRequest, "kind must be postgres, mysql, redis, http, ssh or other.");
        ManagementResult<CreatedToken> created = await tokens.CreateAsync(
            request.TeamId, request.Name, request.Description, request.ExpiresInDays, request.Port, kind, cancellationToken);
        if (created.Value is not { } made)
            return Problems.Of(created.Error, created.Sentence);
        Token token = made.Token;
        await audit.WriteAsync("token.create", token.TokenId, cancellationToken);
        return TypedResults.Created($"/api/v1/teams/{token.TeamId}/tokens", new Answer<GeneratedToken>("Token generated", new GeneratedToken(
            token.TokenId, token.TeamId, token.TeamName, token.Name, made.Text.Reveal(), token.Description, token.Port,
            token.Protocol, token.CreatedAt, token.ExpiresAt)));
    }
}
