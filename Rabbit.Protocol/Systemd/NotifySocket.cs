using System.Net.Sockets;

namespace Rabbit.Protocol.Systemd;

/// <summary>The socket by which a service tells systemd how it stands (sd_notify(3)).</summary>
public static class NotifySocket
{
    private const int SendTimeout = 1000;

    /// <summary>Opens it; null where there is nobody to tell.</summary>
    /// <param name="fault">Why it cannot be opened, though there should be somebody; else null.</param>
    public static Socket? Open(out string? fault)
    {
        fault = null;
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 0 } path)
            return null;
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendTimeout };
        try
        {
#pragma warning disable RS0030 // Datagrams: there is nobody to wait for.
            // A name in the abstract namespace is given with @ for its NUL.
            socket.Connect(new UnixDomainSocketEndPoint(path[0] == '@' ? '\0' + path[1..] : path));
#pragma warning restore RS0030
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            fault = e.Message;
            return null;
        }
    }
}
