using System.Net;
using System.Net.Sockets;
using Rabbit.Protocol.Messages;

namespace Rabbit.Client.Connection;

/// <summary>Addresses that a server names, <c>host:port</c>.</summary>
internal static class ServerAddress
{
    private static readonly TimeSpan LookUpTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Its parts, an IPv6 address without brackets; null where it is no such address.</summary>
    public static (string Host, int Port)? Read(string address) =>
        Uri.TryCreate($"rabbit://{address}", UriKind.Absolute, out Uri? uri) && uri.Host.Length > 0 && uri.Port > 0
        && uri.UserInfo.Length == 0 && uri.PathAndQuery.Trim('/').Length == 0 && uri.Fragment.Length == 0
            ? (uri.IdnHost.Trim('[', ']'), uri.Port)
            : null;

    /// <summary>
    /// Where a session's data channels go: to the node that the session is with, as it has said, and otherwise to the address that has answered
    /// the login.
    /// </summary>
    /// <param name="hello">The answer to the login.</param>
    /// <param name="control">The control channel's socket.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ServerUnavailableException">The connection has broken since.</exception>
    public static async Task<IPEndPoint> FindChannelsAsync(ServerHello hello, Socket control, TimeProvider time, CancellationToken cancellationToken)
    {
        IPAddress answered = AnsweredAt(control);
        var dialled = new IPEndPoint(answered, hello.ControlPort);
        if (Read(hello.ChannelAddress) is not var (host, port))
            return dialled;
        using var timeout = new CancellationTokenSource(LookUpTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            IPAddress[] addresses = await Dns.GetHostAddressesAsync(host, either.Token);
            IPAddress? chosen = addresses.FirstOrDefault(address => address.Equals(answered))
                ?? addresses.FirstOrDefault(address => address.AddressFamily == answered.AddressFamily)
                ?? addresses.FirstOrDefault();
            return chosen is null ? dialled : new IPEndPoint(chosen, port);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ArgumentException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return dialled; // Which is the same node where there is no load balancer.
        }
    }

    private static IPAddress AnsweredAt(Socket control)
    {
        try
        {
            IPAddress address = ((IPEndPoint)control.RemoteEndPoint!).Address;
            return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new ServerUnavailableException("the connection broke");
        }
    }
}
