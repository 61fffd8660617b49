using System.Net;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Credentials;
using Rabbit.Tunneling;
using Rabbit.Tunneling.ControlPort;

namespace Rabbit.Host.Startup;

/// <summary>The strings with which clients connect: token, address and fingerprint in one.</summary>
internal sealed class ClientUris(ControlPortAddress controlPort, ITlsMaterial tls, IOptions<TunnelingOptions> options)
{
    /// <summary>The host at which clients find this server: as configured, or where it listens, or else the one that the caller knows it by.</summary>
    public string Host(string knownAs)
    {
        IPAddress bound = controlPort.Bound.Address;
        if (options.Value.PublicHost.Length > 0)
            return options.Value.PublicHost;
        return bound.Equals(IPAddress.Any) || bound.Equals(IPAddress.IPv6Any) || IPAddress.IsLoopback(bound) ? knownAs : bound.ToString();
    }

    /// <summary>The string for a token; it holds the token's secret.</summary>
    public string For(TokenText token, string knownAs) => new ConnectionUri(
        token.Reveal(), Host(knownAs), controlPort.Bound.Port, CertificateFingerprint.Of(tls.Certificate.TargetCertificate), Plaintext: false).Reveal();
}
