namespace Rabbit.Client.Status;

/// <summary>What a running client says of itself on its status socket: a JSON document, and the end.</summary>
/// <param name="Version">Of this program.</param>
/// <param name="ProcessId">Its number.</param>
/// <param name="StartedAt">When it was started.</param>
/// <param name="File">The file of its tunnels, or null for <c>connect</c>.</param>
/// <param name="Tunnels">In the order of the file.</param>
internal sealed record ClientReport(string Version, int ProcessId, DateTimeOffset StartedAt, string? File, IReadOnlyList<TunnelSnapshot> Tunnels)
{
    /// <summary>True when visitors reach this program through every tunnel.</summary>
    public bool IsAllLive() => Tunnels.All(tunnel => tunnel.State == TunnelState.Live);
}
