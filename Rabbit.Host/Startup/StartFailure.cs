using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Rabbit.Tunneling;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Host.Startup;

/// <summary>Turns what can go wrong at a start into one sentence that says what to do.</summary>
internal static class StartFailure
{
    public static string Explain(Exception exception, IConfigurationRoot configuration)
    {
        // Kestrel wraps what the sockets say into exceptions of its own, which take our control port for HTTP.
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case TunnelAddressInUseException { Address: var address }:
                    return $"The control port {address} is in use; stop the program that listens there, or choose another with --port.";
                case AddressInUseException { InnerException: not TunnelAddressInUseException }:
                    return $"The API's port is in use ({exception.Message.TrimEnd('.')}); stop the program that listens there, or choose another with --api-port.";
                case SocketException { SocketErrorCode: SocketError.AddressNotAvailable }:
                    return $"{ForeignAddress(configuration)} is not an address of this machine; choose one that is, 127.0.0.1 or 0.0.0.0.";
                case SocketException { SocketErrorCode: SocketError.AccessDenied }:
                    return $"{exception.Message.TrimEnd('.')}; ports below 1024 need the capability CAP_NET_BIND_SERVICE.";
            }
        }
        return exception.Message;
    }

    // The system does not say which of the addresses it means.
    private static string ForeignAddress(IConfigurationRoot configuration)
    {
        foreach (string flag in new[] { "--bind", "--api-bind" })
        {
            string key = ServerFlag.All.Single(one => one.Name == flag).Key;
            if (IPAddress.TryParse(configuration[$"{TunnelingOptions.Section}:{key}"], out IPAddress? address) && !CanBind(address))
                return $"{flag} {address}";
        }
        return "What --bind or --api-bind names";
    }

    private static bool CanBind(IPAddress address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
