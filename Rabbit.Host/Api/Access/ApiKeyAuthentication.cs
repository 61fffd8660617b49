using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Rabbit.Host.Api.Answers;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Access;

/// <summary>Authenticates <c>Authorization: Bearer KEY</c> (RFC 6750) against the stored hashes.</summary>
internal sealed class ApiKeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ApiKeyStore keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public new const string Scheme = "key";
    private const string BearerPrefix = "Bearer ";

    /// <summary>The key that a request presents, valid or not; null when it presents none.</summary>
    public static string? KeyOf(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        return header.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase) ? header[BearerPrefix.Length..].Trim() : null;
    }

    /// <inheritdoc/>
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (KeyOf(Request) is not { } text)
            return AuthenticateResult.NoResult();
        if (await keys.VerifyAsync(text, Context.RequestAborted) is not { } key)
            return AuthenticateResult.Fail("The key is not known.");
        var identity = new ClaimsIdentity(
            [new Claim(ClaimTypes.NameIdentifier, key.KeyId), new Claim(ClaimTypes.Name, key.Name), new Claim(ClaimTypes.Role, key.Role)], Scheme);
        if (key.TeamId is { } team)
            identity.AddClaim(new Claim(Caller.TeamClaim, team));
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme));
    }

    /// <inheritdoc/>
    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        await Problems.Of(StatusCodes.Status401Unauthorized, "Send a valid API key as 'Authorization: Bearer KEY'; the first one is in the server's data directory, admin.key.")
            .ExecuteAsync(Context);
    }

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.Of(StatusCodes.Status403Forbidden, "This API key has no right to do that; use one that has the role admin.").ExecuteAsync(Context);
}
