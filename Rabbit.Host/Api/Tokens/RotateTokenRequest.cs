namespace Rabbit.Host.Api.Tokens;

/// <summary>How a token is to get a new secret.</summary>
/// <param name="OverlapSeconds">
/// How long the old secret goes on being valid beside the new one, up to 2,592,000; a day when absent. Then clients that logged in with
/// it are disconnected.
/// </param>
internal sealed record RotateTokenRequest(int? OverlapSeconds);
