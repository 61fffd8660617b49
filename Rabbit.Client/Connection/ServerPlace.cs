using System.Net;
using Rabbit.Client.Commands;
using Rabbit.Client.Trust;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>Where this client can log in: the server that it was given, or a node of its cluster.</summary>
internal sealed class ServerPlace
{
    private readonly bool _isNode;

    /// <summary>The server that it was given.</summary>
    public ServerPlace(ConnectOptions options, ServerTrust trust, TimeProvider time)
        : this(options, trust, time, isNode: false)
    {
    }

    private ServerPlace(ConnectOptions options, ServerTrust trust, TimeProvider time, bool isNode)
    {
        _isNode = isNode;
        Options = options;
        Dialer = new ServerDialer(options, trust, time);
        Address = options.Server;
    }

    /// <summary>The tunnel's options, as if this were the server.</summary>
    public ConnectOptions Options { get; }

    /// <summary>Opens connections to it.</summary>
    public ServerDialer Dialer { get; }

    /// <summary>Its control port, as people write it.</summary>
    public string Address { get; }

    /// <summary>A node that the server has told of, which proves itself by the certificate that was told with it, or else as the server does.</summary>
    public static ServerPlace OfNode(ConnectOptions options, ServerTrust trust, TimeProvider time) =>
        new(options, trust.ForNode(options), time, isNode: true);

    /// <summary>Connects to its control port.</summary>
    /// <exception cref="ServerUnavailableException">It does not answer, or is a node and not the one that the server told of.</exception>
    /// <exception cref="TunnelFailedException">The server is not the one expected.</exception>
    public async Task<RelayEnd> DialAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await Dialer.DialAsync(new DnsEndPoint(Options.Host, Options.Port), cancellationToken);
        }
        catch (TunnelFailedException e) when (_isNode)
        {
            throw new ServerUnavailableException($"{Address} is not used: {e.Message.TrimEnd('.')}");
        }
    }
}
