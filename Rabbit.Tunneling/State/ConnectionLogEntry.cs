namespace Rabbit.Tunneling.State;

/// <summary>How a visitor's connection stands or ended.</summary>
public enum ConnectionStatus
{
    /// <summary>Still open.</summary>
    Active,

    /// <summary>Both directions ended in order.</summary>
    Closed,

    /// <summary>Broken by a reset or an abort.</summary>
    Error,

    /// <summary>No data channel or no answer of the local service in time.</summary>
    Timeout,

    /// <summary>Turned away: the client is away, or the local service refused.</summary>
    Refused,
}

/// <summary>One visitor's connection as stored; a later entry with the same id replaces an earlier one.</summary>
/// <param name="Id">Primary key, version 7.</param>
/// <param name="TeamId">The team of the tunnel's token.</param>
/// <param name="TokenId">The tunnel's token.</param>
/// <param name="SessionId">The session that served it, or null when the client was away.</param>
/// <param name="Port">The tunnel port.</param>
/// <param name="VisitorAddress">Textual IP address.</param>
/// <param name="VisitorPort">TCP port.</param>
/// <param name="StartedAt">When it was accepted.</param>
/// <param name="Duration">How long it lasted, or has lasted.</param>
/// <param name="BytesFromVisitor">Bytes received from the visitor and delivered towards the service.</param>
/// <param name="BytesToVisitor">Bytes received from the service (or made by an offline reply) and delivered to the visitor.</param>
/// <param name="Status">How it stands or ended.</param>
/// <param name="Reason">One short phrase, or empty.</param>
public sealed record ConnectionLogEntry(
    Guid Id, string TeamId, string TokenId, Guid? SessionId, int Port, string VisitorAddress, int VisitorPort,
    DateTimeOffset StartedAt, TimeSpan Duration, long BytesFromVisitor, long BytesToVisitor, ConnectionStatus Status, string Reason);
