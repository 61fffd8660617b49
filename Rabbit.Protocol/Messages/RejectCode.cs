namespace Rabbit.Protocol.Messages;

/// <summary>Why a login or a data channel was turned away (docs/protocol.md, "Reject"). Numbers are never reused.</summary>
public enum RejectCode : ushort
{
    /// <summary>The peer broke the protocol.</summary>
    Protocol = 1,

    /// <summary>The major version is not spoken here.</summary>
    Version = 2,

    /// <summary>The token is unknown, or its secret is wrong.</summary>
    InvalidToken = 3,

    /// <summary>The token has expired.</summary>
    Expired = 4,

    /// <summary>The token was revoked or deleted.</summary>
    Revoked = 5,

    /// <summary>The token is valid but belongs to another port than the one dialled.</summary>
    WrongPort = 6,

    /// <summary>Plaintext is not accepted from this address.</summary>
    PlaintextForbidden = 7,

    /// <summary>The data channel's session or secret is not, or no longer, valid.</summary>
    InvalidChannel = 8,

    /// <summary>Another client holds the tunnel and this one asked to yield.</summary>
    Occupied = 9,

    /// <summary>The server cannot decide now (its database is away, say); the token may well be valid.</summary>
    Unavailable = 10,

    /// <summary>Too many connections or failed logins; try later.</summary>
    TooMany = 11,

    /// <summary>The tunnel's port cannot be listened on now.</summary>
    PortBusy = 12,

    /// <summary>The token may not be used from the client's address.</summary>
    AddressNotAllowed = 13,

    /// <summary>The client has shown no certificate, or none that is accepted here.</summary>
    CertificateNeeded = 14,
}
