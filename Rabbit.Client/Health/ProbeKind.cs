namespace Rabbit.Client.Health;

/// <summary>How the local service is asked whether it works (docs/health.md).</summary>
internal enum ProbeKind
{
    /// <summary>As the server says that the token declares it.</summary>
    Declared,

    /// <summary>Not at all.</summary>
    None,

    /// <summary>By a connection.</summary>
    Tcp,

    /// <summary>By a HEAD request.</summary>
    Http,

    /// <summary>By PostgreSQL's SSLRequest.</summary>
    Postgres,

    /// <summary>By reading MySQL's greeting.</summary>
    MySql,

    /// <summary>By Redis' PING.</summary>
    Redis,

    /// <summary>By SSH's exchange of versions.</summary>
    Ssh,
}
