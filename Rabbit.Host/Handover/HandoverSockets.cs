using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Rabbit.Host.Handover;

/// <summary>
/// The unix sockets in the data directory by which a running server is found. Each server has a name of its own, since .NET removes the
/// file when it closes the socket; only this account may connect.
/// </summary>
internal static partial class HandoverSockets
{
    private const string Pattern = "handover-*.sock";
    private const int SolSocket = 1;
    private const int PeerCredentials = 17; // SO_PEERCRED
    private const int LongestPath = 107; // sockaddr_un(7), without its NUL

    /// <summary>Listens for a successor, as the only server that has the data directory's lock.</summary>
    /// <exception cref="IOException">One sentence that says why that cannot be.</exception>
    public static Socket Listen(string data)
    {
        string path = Path.Combine(Path.GetFullPath(data), Pattern.Replace("*", Guid.NewGuid().ToString("N")[..8], StringComparison.Ordinal));
        if (System.Text.Encoding.UTF8.GetByteCount(path) > LongestPath)
            throw new IOException($"the path {path} is longer than {LongestPath} bytes");
        foreach (string left in Directory.EnumerateFiles(data, Pattern))
            File.Delete(left); // Of a server that has crashed.
        var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            // Nobody can connect before it listens.
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen(1);
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>Connects to the server that runs on a data directory.</summary>
    /// <exception cref="IOException">One sentence that says what to do.</exception>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "A unix socket connects or fails at once, and is to stay one that blocks.")]
    public static Socket Connect(string data)
    {
        foreach (string path in Directory.Exists(data) ? Directory.EnumerateFiles(Path.GetFullPath(data), Pattern) : [])
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                return IsOurs(socket, out uint account)
                    ? socket
                    : throw new IOException($"The running server belongs to another account (uid {account}); start its successor as that one.");
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                socket.Dispose();
                File.Delete(path); // Of a server that has crashed.
            }
            catch (SocketException e)
            {
                socket.Dispose();
                throw new IOException($"The running server cannot be reached at {path} ({e.Message}); start the successor with the account and the data directory of that server.", e);
            }
        }
        throw new IOException(
            $"No server that could be taken over from runs on the data directory {data}: start one without --takeover, or, if one of a version before this flag runs, stop that first.");
    }

    /// <summary>True when the other end belongs to this account.</summary>
    public static bool IsOurs(Socket peer, out uint account)
    {
        Span<byte> credentials = stackalloc byte[12]; // struct ucred: pid, uid, gid
        peer.GetRawSocketOption(SolSocket, PeerCredentials, credentials);
        account = BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]);
        return account == EffectiveAccount();
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveAccount();
}
