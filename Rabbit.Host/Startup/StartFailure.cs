using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Rabbit.Host.Startup;

/// <summary>Turns what can go wrong at a start into one sentence that says what to do.</summary>
internal static class StartFailure
{
    public static string Explain(Exception exception)
    {
        // Kestrel wraps an address that is in use into an IOException.
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is AddressInUseException || e is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
                return $"{exception.Message.TrimEnd('.')}; stop the program that listens there, or choose others with --port and --api-port.";
            if (e is SocketException { SocketErrorCode: SocketError.AddressNotAvailable })
                return $"{exception.Message.TrimEnd('.')}; --bind and --api-bind must be addresses of this machine.";
            if (e is SocketException { SocketErrorCode: SocketError.AccessDenied })
                return $"{exception.Message.TrimEnd('.')}; ports below 1024 need the capability CAP_NET_BIND_SERVICE.";
        }
        return exception is UnauthorizedAccessException or IOException
            ? $"{exception.Message.TrimEnd('.')}; check the data directory and the files named in the configuration."
            : exception.Message;
    }
}
