namespace Rabbit.Host.Startup;

/// <summary>A flag of <c>rabbit server</c> that sets the configuration key beside it.</summary>
/// <param name="Name">As typed.</param>
/// <param name="Key">Within the section <c>Rabbit</c>.</param>
/// <param name="Description">For the help text, with the default.</param>
internal sealed record ServerFlag(string Name, string Key, string Description)
{
    /// <summary>The variable that sets the same.</summary>
    public string Variable => EnvironmentSettings.Prefix + Name[2..].Replace('-', '_').ToUpperInvariant();

    /// <summary>Every flag that takes a value.</summary>
    public static IReadOnlyList<ServerFlag> All { get; } =
    [
        new("--bind", "Bind", "Address of the control port and the tunnel ports (0.0.0.0)."),
        new("--port", "Port", "Control port (9999); 0 takes a free one."),
        new("--api-bind", "ApiBind", "Address of the API (127.0.0.1)."),
        new("--api-port", "ApiPort", "API port (8080); 0 takes a free one."),
        new("--api-origins", "ApiOrigins", "Origins whose pages may call the API from a browser, with commas between them (none)."),
        new("--data", "Data", "Data directory (./rabbit-data)."),
        new("--database", "Database", "postgres://name:password@host/database; without it SQLite in the data directory."),
        new("--redis", "Redis", "host:port of Redis; without it live session data stays in this process."),
        new("--public-host", "PublicHost", "Host name by which visitors and clients reach this server."),
        new("--certificate", "CertificateFile", "PEM file of the control port's certificate; without it a self-signed one."),
        new("--certificate-key", "CertificateKeyFile", "PEM file of the certificate's private key."),
        new("--client-ca", "ClientCaFile", "PEM file of the authority that must have signed each client's certificate; without it clients need none."),
        new("--proxy-from", "ProxyFrom", "Networks of load balancers whose connections to tunnel ports begin with a PROXY header, with commas between them (none)."),
        new("--node", "Node", "Name of this server among several on one database (the machine's name)."),
        new("--cluster-bind", "ClusterBind", "Address:port on which this node of a cluster listens for the others; without it a lone server."),
        new("--cluster-address", "ClusterAddress", "Address:port at which the other nodes reach this one (--cluster-bind)."),
        new("--cluster-client-address", "ClusterClientAddress", "Host:port at which clients reach this node's control port and no other's (none)."),
        new("--cluster-authority-file", "ClusterAuthorityFile", "PEM file of the authorities that issue the nodes' certificates."),
        new("--cluster-certificate-file", "ClusterCertificateFile", "PEM file of this node's certificate."),
        new("--cluster-certificate-key-file", "ClusterCertificateKeyFile", "PEM file of that certificate's private key."),
        new("--port-range", "PortRange", "FIRST-LAST: the tunnel ports of an empty database (10000-20000)."),
        new("--alert-url", "AlertUrl", "Addresses to which alerts are posted, with commas between them (none)."),
        new("--alert-secret-file", "AlertSecretFile", "File of the secret that alerts are signed with, whsec_..."),
    ];
}
