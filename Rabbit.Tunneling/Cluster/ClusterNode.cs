namespace Rabbit.Tunneling.Cluster;

/// <summary>A node of the cluster as it describes itself in its lease.</summary>
/// <param name="Name">Its name, unique in the cluster.</param>
/// <param name="Run">One run of its process.</param>
/// <param name="NodeAddress">Where other nodes connect, <c>address:port</c>.</param>
/// <param name="ClientAddress">Where clients reach this node's control port and no other's, <c>host:port</c>; empty where they do not.</param>
/// <param name="Fingerprint">SHA-256 of the control port's certificate, as clients pin it; empty where clients speak plaintext.</param>
/// <param name="Version">The program's version.</param>
/// <param name="StartedAt">When the process began.</param>
/// <param name="Sessions">Clients connected to it.</param>
/// <param name="Visitors">Visitors that it serves, forwarded ones included.</param>
/// <param name="IsDraining">True when its clients are on their way to other nodes.</param>
public sealed record ClusterNode(
    string Name, Guid Run, string NodeAddress, string ClientAddress, string Fingerprint, string Version, DateTimeOffset StartedAt,
    int Sessions, int Visitors, bool IsDraining);
