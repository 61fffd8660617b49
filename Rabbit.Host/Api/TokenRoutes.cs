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
        if (ReadKind(request.Kind) is not { } kind)
            return Problems.Of(StatusCodes.Status400BadRequest, "kind must be postgres, mysql, redis, http, ssh or other.");
        ManagementResult<CreatedToken> created = await tokens.CreateAsync(
            KeepIfPossible(request.TeamId), request.Name, request.Description, request.ExpiresInDays, request.Port, kind, cancellationToken);
        if (created.Value is not { } made)
            return Problems.Of(created.Error, created.Sentence);
        Token token = made.Token;
        await audit.WriteAsync("token.create", token.TokenId);
        return TypedResults.Created($"/api/v1/teams/{token.TeamId}/tokens", new Answer<GeneratedToken>("Token generated", new GeneratedToken(
            token.TokenId, token.TeamId, token.TeamName, token.Name, made.Text.Reveal(), token.Description, token.Port,
            token.Protocol, token.CreatedAt, token.ExpiresAt)));
    }

    private static ServiceKind? ReadKind(string? name) => name is null ? ServiceKind.Unknown : Enum.GetValues<ServiceKind>()
        .Where(kind => kind != ServiceKind.Unknown && kind.ToString().Equals(name, StringComparison.OrdinalIgnoreCase))
        .Cast<ServiceKind?>().SingleOrDefault();

    // No id has other characters, and some of them PostgreSQL would not even look up. (In a path Kestrel refuses those.)
    private static string KeepIfPossible(string? id) => id is not null && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? id : "";
}
