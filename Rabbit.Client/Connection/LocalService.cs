using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Commands;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>
/// The service that the tunnel leads to. Its name is looked up again after a few seconds, so that it may move, but not for
/// each of many visitors; of several addresses the one that answered last comes first.
/// </summary>
internal sealed partial class LocalService(ConnectOptions options, TimeProvider time)
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
        Exception? failure = null;
        try
        {
            foreach (IPAddress address in await FindAsync(timeout.Token))
            {
                var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    socket.NoDelay = true;
                    SocketTuning.BoundBuffers(socket, options.SocketBuffer);
                    await socket.ConnectAsync(new IPEndPoint(address, options.LocalPort), timeout.Token);
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
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            failure = e;
        }
        return (null, Explain(failure));
    }

    /// <summary>Says so once when the service does not answer at the start; it may come later.</summary>
    public async Task WarnIfAbsentAsync(ILogger logger, CancellationToken cancellationToken)
    {
        var (service, refused) = await ConnectAsync(cancellationToken);
        if (service is not null)
            await service.DisposeAsync();
        else if (!cancellationToken.IsCancellationRequested)
            LogNotReady(logger, refused.Sentence);
    }

    private async ValueTask<IPAddress[]> FindAsync(CancellationToken cancellationToken)
    {
        if (_last is { } last && time.GetElapsedTime(last.At) < AddressesLast)
            return last.Addresses;
        IPAddress[] addresses = IPAddress.TryParse(options.LocalHost, out IPAddress? literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(options.LocalHost, cancellationToken);
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
        string service = $"{options.LocalHost}:{options.LocalPort}";
        return exception switch
        {
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => new Refused(RefusedReason.ConnectionRefused, $"{service} refuses the connection"),
            SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable } => new Refused(RefusedReason.ClientBusy, "the client has no descriptors left"),
            SocketException { SocketErrorCode: SocketError.TimedOut } or OperationCanceledException => new Refused(RefusedReason.TimedOut, $"{service} does not answer"),
            _ => new Refused(RefusedReason.Unreachable, $"{service} cannot be reached: {exception?.Message ?? "its name has no address"}"),
        };
    }

    [LoggerMessage(EventIds.LocalServiceNotReady, LogLevel.Warning, "The local service is not there yet: {Reason}; visitors are told so until it is")]
    private static partial void LogNotReady(ILogger logger, string reason);

    private sealed record Lookup(IPAddress[] Addresses, long At);
}
