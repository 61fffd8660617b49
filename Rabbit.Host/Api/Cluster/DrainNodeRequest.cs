namespace Rabbit.Host.Api.Cluster;

/// <summary>Which node is to be drained.</summary>
/// <param name="Node">Its name, against mistakes: it must be the one that is asked. Without it that one is.</param>
internal sealed record DrainNodeRequest(string? Node);
