namespace Rabbit.Tests.Host.Api.Fuzzing;

/// <summary>A request that was made up.</summary>
/// <param name="Operation">The route that it is meant for.</param>
/// <param name="Target">Path and query, as they are sent.</param>
/// <param name="Body">What is sent, or null.</param>
/// <param name="ContentType">As what it is sent.</param>
internal sealed record FuzzedRequest(ApiOperation Operation, string Target, string? Body, string ContentType)
{
    /// <summary>True when the path is such that another route, or none, may answer.</summary>
    public bool IsAstray { get; init; }
}
