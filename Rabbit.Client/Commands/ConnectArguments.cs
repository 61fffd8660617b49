using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Commands;

/// <summary>What describes a tunnel as it was given, on the command line or in a file, and the token of the environment.</summary>
internal sealed record ConnectArguments(
    string? Uri, string? Server, string? Token, string? TokenFile, string? TokenInEnvironment, string? LocalPort, string LocalHost,
    string? Fingerprint, string? CaFile, bool Plaintext, string Name,
    int SocketBuffer = SocketTuning.DefaultBuffer, string? ProxyProtocol = null, string? CertificateFile = null, string? CertificateKeyFile = null,
    string? Health = null, string? HealthInterval = null, string? LocalSocket = null, bool NoDirect = false, bool NoStandby = false)
{
    /// <summary>How an option is called where it was given.</summary>
    public Func<string, string> Call { get; init; } = option => $"--{option}";

    /// <summary>Where to look for a token that was given nowhere else.</summary>
    public Func<string, int, string?> FindToken { get; init; } = (_, _) => null;
}
