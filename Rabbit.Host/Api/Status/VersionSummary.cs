namespace Rabbit.Host.Api.Status;

/// <summary>What runs here.</summary>
/// <param name="Version">The server's version.</param>
/// <param name="Protocol">The major version of the tunnel protocol that it speaks.</param>
/// <param name="Runtime">The .NET runtime.</param>
/// <param name="Database">sqlite or postgres.</param>
/// <param name="Redis">Whether live session data is in Redis.</param>
/// <param name="Node">The name of this server among several.</param>
/// <param name="StartedAt">When this process started.</param>
internal sealed record VersionSummary(string Version, int Protocol, string Runtime, string Database, bool Redis, string Node, DateTimeOffset StartedAt);
