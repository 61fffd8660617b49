using System.Net;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>Opens connections to one other node of the cluster, where the server that was logged in to wants data channels to be.</summary>
/// <param name="dialer">Connects.</param>
/// <param name="address">Its control port, <c>host:port</c>, as the server said.</param>
/// <param name="fingerprint">SHA-256 of its certificate, as the server said; empty for none.</param>
internal sealed class NodeDialer(ServerDialer dialer, string address, string fingerprint)
{
    private readonly DnsEndPoint? _node = ServerAddress.Read(address) is var (host, port) ? new DnsEndPoint(host, port) : null;
    private readonly string? _fingerprint = Normalize(fingerprint);

    /// <exception cref="ServerUnavailableException">The node does not answer, is not the one, or is not to be connected to.</exception>
    public async Task<RelayEnd> DialAsync(CancellationToken cancellationToken) => _node is not null && _fingerprint is not null
        ? await dialer.DialNodeAsync(_node, _fingerprint, cancellationToken)
        : throw new ServerUnavailableException($"the server wants data channels at {ServerText.Escape(address)}, which is no address with a fingerprint");

    private static string? Normalize(string fingerprint)
    {
        try
        {
            return fingerprint.Length == 0 ? "" : CertificateFingerprint.Normalize(fingerprint);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
