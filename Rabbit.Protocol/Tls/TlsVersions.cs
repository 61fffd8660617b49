using System.Security.Authentication;

namespace Rabbit.Protocol.Tls;

/// <summary>The versions of TLS that server and client speak (RFC 9325: nothing older than 1.2).</summary>
public static class TlsVersions
{
    /// <summary>1.2 and 1.3.</summary>
#pragma warning disable CA5398 // Named, so that a lax policy of the system allows no older ones.
    public const SslProtocols Allowed = SslProtocols.Tls12 | SslProtocols.Tls13;
#pragma warning restore CA5398
}
