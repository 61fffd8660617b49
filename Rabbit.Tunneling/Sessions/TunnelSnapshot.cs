namespace Rabbit.Tunneling.Sessions;

/// <summary>A tunnel as it stands at one moment, for the API.</summary>
/// <param name="TokenId">Its token's public id.</param>
/// <param name="TeamId">The team that owns it.</param>
/// <param name="Port">Its tunnel port.</param>
/// <param name="State">What the port does now.</param>
/// <param name="SessionId">The session, live or waiting for its client, or null.</param>
/// <param name="Epoch">The session's epoch, or 0.</param>
/// <param name="ClientAddress">The client's address, or that of the one lost, or null.</param>
/// <param name="ClientName">The client's host name, escaped, or null.</param>
/// <param name="ClientSoftware">The client's program and version, escaped, or null.</param>
/// <param name="ConnectedAt">When the client logged in, or null while it is away.</param>
/// <param name="RoundTrip">Round-trip time of the last heartbeat, or null.</param>
/// <param name="Visitors">Connections on the port now.</param>
public sealed record TunnelSnapshot(
    string TokenId, string TeamId, int Port, TunnelState State, Guid? SessionId, long Epoch, string? ClientAddress,
    string? ClientName, string? ClientSoftware, DateTimeOffset? ConnectedAt, TimeSpan? RoundTrip, int Visitors)
{
    /// <summary>What stands between visitors and the service.</summary>
    public TunnelHealth Health { get; init; }

    /// <summary>Why, safe to show; empty when all is well or there is nothing to say.</summary>
    public string HealthReason { get; init; } = "";

    /// <summary>Since when, as this server knows it.</summary>
    public DateTimeOffset HealthSince { get; init; }

    /// <summary>The team's name.</summary>
    public string TeamName { get; init; } = "";

    /// <summary>The token's name.</summary>
    public string TokenName { get; init; } = "";

    /// <summary>When the client was last heard of, or null while it is away.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }

    /// <summary>Data channels that wait for a visitor.</summary>
    public int ReadyChannels { get; init; }

    /// <summary>True from a restoration until the client is back.</summary>
    public bool IsRestored { get; init; }

    /// <summary>True while the client is connected to another node.</summary>
    public bool IsElsewhere { get; init; }

    /// <summary>Visitors since this server started.</summary>
    public long VisitorsTotal { get; init; }

    /// <summary>Bytes that visitors have sent since this server started.</summary>
    public long BytesFromVisitors { get; init; }

    /// <summary>Bytes that visitors have got since this server started.</summary>
    public long BytesToVisitors { get; init; }
}
