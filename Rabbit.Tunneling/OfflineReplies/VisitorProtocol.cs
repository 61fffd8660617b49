namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>What a connection's first bytes show it to speak.</summary>
internal enum VisitorProtocol
{
    /// <summary>Nothing has arrived, or too little to tell.</summary>
    Undecided,

    /// <summary>An HTTP request, also the preface of HTTP/2.</summary>
    Http,

    /// <summary>A HEAD request, whose answer has no body.</summary>
    HttpHead,

    /// <summary>PostgreSQL's StartupMessage of protocol 3.</summary>
    Postgres,

    /// <summary>PostgreSQL asks for TLS; answered with one byte, after which the client goes on, under TLS or not.</summary>
    PostgresSslRequest,

    /// <summary>PostgreSQL asks for GSSAPI encryption; answered with <c>N</c>, after which the client goes on with another message.</summary>
    PostgresGssRequest,

    /// <summary>PostgreSQL's CancelRequest, which is never answered.</summary>
    PostgresCancel,

    /// <summary>A Redis command, as an array or inline.</summary>
    Redis,

    /// <summary>An SSH identification string.</summary>
    Ssh,

    /// <summary>A TLS handshake; what it offers is for <see cref="Protocol.Tls.ClientHelloSniffer"/> to say.</summary>
    Tls,

    /// <summary>Not a visitor: the native preamble, of this or another major version.</summary>
    NativeClient,

    /// <summary>Not a visitor: a token, with which the legacy line protocol begins.</summary>
    LegacyClient,

    /// <summary>None of these.</summary>
    Unknown,
}
