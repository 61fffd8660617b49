using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Host.Startup;

/// <summary>Turns what can go wrong at a start into one sentence that says what to do.</summary>
internal static class StartFailure
{
    public static string Explain(Exception exception)
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
                    return $"{exception.Message.TrimEnd('.')}; --bind and --api-bind must be addresses of this machine.";
                case SocketException { SocketErrorCode: SocketError.AccessDenied }:
                    return $"{exception.Message.TrimEnd('.')}; ports below 1024 need the capability CAP_NET_BIND_SERVICE.";
            }
        }
        return exception.Message;
    }
}
