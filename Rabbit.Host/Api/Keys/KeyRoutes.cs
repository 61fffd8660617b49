using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Host.Api.Events;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Keys;

/// <summary>Keys to this API.</summary>
internal static class KeyRoutes
{
    public static void MapKeys(this RouteGroupBuilder api)
    {
        RouteGroupBuilder keys = api.MapGroup("/keys").WithTags("Keys");
        keys.MapGet("/", ListAsync).WithName("ListKeys").RequireAuthorization(Allow.WholeServer).WithSummary("Lists the keys to this API, newest first");
        keys.MapPost("/", CreateAsync).WithName("CreateKey").WithSummary("Makes a key; the key itself is shown this once")
            .Answers(StatusCodes.Status404NotFound);
        keys.MapDelete("/{keyId}", RevokeAsync).WithName("RevokeKey").WithSummary("Revokes a key; the last admin key cannot be")
            .Answers(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<PageAnswer<KeySummary>>, ProblemHttpResult>> ListAsync(
        [AsParameters] PageQuery page, ApiKeyStore keys, CancellationToken cancellationToken)
    {
        ManagementResult<Page<ApiKeyDetails>> read = await keys.ListAsync(page.Cursor, page.Most, cancellationToken);
        return read.Value is { } found ? TypedResults.Ok(PageAnswer.Of(found, KeySummary.Of, "keys")) : Problems.Of(read.Error, read.Sentence);
    }

    private static async Task<Results<Created<Answer<CreatedKey>>, ProblemHttpResult>> CreateAsync(
        CreateKeyRequest request, Caller caller, ApiKeyStore keys, ChangeEvents events, CancellationToken cancellationToken)
    {
        if (request.Role is not { } role)
            return Problems.BadRequest($"The key needs a role: {string.Join(", ", EnumText<KeyRole>.Names)}.");
        ManagementResult<CreatedApiKey> created = await keys.CreateAsync(
            request.Name, role.ToStored(), request.TeamId, request.ExpiresInDays, caller.Actor, cancellationToken);
        if (created.Value is not { } made)
            return Problems.Of(created.Error, created.Sentence);
        events.Tell("key.created", made.Key.KeyId);
        return TypedResults.Created($"/api/v1/keys/{made.Key.KeyId}", new Answer<CreatedKey>("Key created", new CreatedKey(
            made.Key.KeyId, made.Key.Name, role, made.Key.TeamId, made.Key.CreatedAt, made.Key.ExpiresAt, made.Text.Reveal())));
    }

    private static async Task<Results<Ok<Answer<KeySummary>>, ProblemHttpResult>> RevokeAsync(
        string keyId, Caller caller, ApiKeyStore keys, ChangeEvents events, CancellationToken cancellationToken)
    {
        ManagementResult<ApiKeyDetails> revoked = await keys.RevokeAsync(keyId, caller.Actor, cancellationToken);
        if (revoked.Value is not { } key)
            return Problems.Of(revoked.Error, revoked.Sentence);
        events.Tell("key.revoked", key.KeyId);
        return TypedResults.Ok(new Answer<KeySummary>("Key revoked", KeySummary.Of(key)));
    }
}
