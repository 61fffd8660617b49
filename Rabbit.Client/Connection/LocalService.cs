using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Rabbit.Client.Commands;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>
/// The service that the tunnel leads to. Its name is looked up again after a few seconds, so that it may move, but not for
/// each of many visitors; of several addresses the one that answered last comes first.
/// </summary>
internal sealed class LocalService(ConnectOptions options, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AddressesLast = TimeSpan.FromSeconds(5);

    private Lookup? _last;

    /// <summary>Where it is, as the command line says.</summary>
    public ConnectOptions Options => options;

    /// <summary>Connects to the service; a refusal says why in the protocol's terms.</summary>
    public async ValueTask<(RelayEnd? Service, Refused Refused)> ConnectAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        await using CancellationTokenRegistration linked = cancellationToken.UnsafeRegister(static timeout => ((CancellationTokenSource)timeout!).Cancel(), timeout);
        try
        {
            return options.Local switch
            {
                LocalTarget.Tcp tcp => await ConnectAsync(tcp, timeout.Token),
                LocalTarget.Unix unix => (await ConnectAsync(unix, timeout.Token), default),
                _ => throw new UnreachableException(),
            };
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return (null, Explain(e));
        }
    }

    private static async ValueTask<RelayEnd> ConnectAsync(LocalTarget.Unix target, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(target.Path is ['@', .. var name] ? '\0' + name : target.Path), cancellationToken);
            return new SocketEnd(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async ValueTask<(RelayEnd? Service, Refused Refused)> ConnectAsync(LocalTarget.Tcp target, CancellationToken cancellationToken)
    {
        SocketException? failure = null;
        foreach (IPAddress address in await FindAsync(target.Host, cancellationToken))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.NoDelay = true;
                SocketTuning.BoundBuffers(socket, options.SocketBuffer);
                await socket.ConnectAsync(new IPEndPoint(address, target.Port), cancellationToken);
                if (!IPAddress.IsLoopback(address)) // A service on this machine does not vanish unnoticed.
                    SocketTuning.ProbeIdlePeers(socket);
                Prefer(address);
                return (new SocketEnd(socket), default);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                failure = e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        return (null, Explain(failure));
    }

    private async ValueTask<IPAddress[]> FindAsync(string host, CancellationToken cancellationToken)
    {
        if (_last is { } last && time.GetElapsedTime(last.At) < AddressesLast)
            return last.Addresses;
        IPAddress[] addresses = IPAddress.TryParse(host, out IPAddress? literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(host, cancellationToken);
        _last = new Lookup(addresses, time.GetTimestamp());
        return addresses;
    }

    private void Prefer(IPAddress address)
    {
        if (_last is { Addresses: [var first, ..] } last && !ReferenceEquals(first, address))
            _last = last with { Addresses = [address, .. last.Addresses.Where(other => !other.Equals(address))] };
    }

    private Refused Explain(Exception? exception)
    {
        LocalTarget service = options.Local;
        return exception switch
        {
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new Refused(RefusedReason.ConnectionRefused, $"{service} refuses the connection"),
            // Linux refuses a unix socket of which nobody takes connections fast enough with "try again" (connect(2)).
            SocketException { SocketErrorCode: SocketError.WouldBlock } => new Refused(RefusedReason.ConnectionRefused, $"{service} takes no more connections"),
            SocketException { SocketErrorCode: SocketError.AccessDenied } when service is LocalTarget.Unix => new Refused(
                RefusedReason.Unreachable, $"this account may not use {service}"),
            SocketException when service is LocalTarget.Unix { Path: var path } && path[0] != '@' && !Path.Exists(path) => new Refused(
                RefusedReason.Unreachable, $"there is no socket {service}"),
            SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable } => new Refused(RefusedReason.ClientBusy, "the client has no descriptors left"),
            SocketException { SocketErrorCode: SocketError.TimedOut } or OperationCanceledException => new Refused(RefusedReason.TimedOut, $"{service} does not answer"),
            _ => new Refused(RefusedReason.Unreachable, $"{service} cannot be reached: {exception?.Message ?? "its name has no address"}"),
        };
    }

    private sealed record Lookup(IPAddress[] Addresses, long At);
}
