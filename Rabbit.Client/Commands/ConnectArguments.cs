using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Commands;

/// <summary>The command line of <c>connect</c> as it was given, and the token of the environment.</summary>
internal sealed record ConnectArguments(
    string? Uri, string? Server, string? Token, string? TokenFile, string? TokenInEnvironment, string LocalPort, string LocalHost,
    string? Fingerprint, string? CaFile, bool Plaintext, string Name,
    int SocketBuffer = SocketTuning.DefaultBuffer, string? ProxyProtocol = null, string? CertificateFile = null, string? CertificateKeyFile = null,
    string? Health = null, string? HealthInterval = null);
