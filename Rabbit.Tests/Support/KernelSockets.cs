using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Xunit;

namespace Rabbit.Tests.Support;

/// <summary>What the kernel knows of another process's TCP sockets.</summary>
internal static partial class KernelSockets
{
    private const int PidFdOpen = 434;
    private const int PidFdGetFd = 438;
    private const int IpProtoTcp = 6;
    private const int TcpNoDelay = 1;

    /// <summary>Waits until the server has taken everything that was sent to it (rx_queue in proc_net_tcp(5)).</summary>
    public static async Task WhenTakenAsync(Socket client)
    {
        string row = $"{Address(client.RemoteEndPoint!)} {Address(client.LocalEndPoint!)} ";
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (true)
        {
            string[] table = await File.ReadAllLinesAsync("/proc/net/tcp", TestContext.Current.CancellationToken);
            if (table.FirstOrDefault(line => line.Contains(row, StringComparison.Ordinal)) is not { } found
                || found.Contains(":00000000 ", StringComparison.Ordinal))
            {
                return;
            }
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>
    /// TCP_NODELAY of each connected TCP socket of a process, by its local and remote port. The sockets are duplicated out of
    /// the process (pidfd_getfd(2)), since no file under /proc shows their options.
    /// </summary>
    public static IReadOnlyDictionary<(int Local, int Remote), bool> NoDelayOf(int pid)
    {
        var found = new Dictionary<(int Local, int Remote), bool>();
        Span<byte> local = stackalloc byte[28];
        Span<byte> remote = stackalloc byte[28];
        nint process = Syscall(PidFdOpen, pid, 0, 0);
        Assert.True(process >= 0, $"pidfd_open failed: {Marshal.GetLastPInvokeErrorMessage()}");
        foreach (string path in Directory.GetFileSystemEntries($"/proc/{pid}/fd"))
        {
            if (File.ResolveLinkTarget(path, returnFinalTarget: false)?.Name.StartsWith("socket:", StringComparison.Ordinal) != true)
                continue;
            nint copy = Syscall(PidFdGetFd, process, int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture), 0);
            Assert.True(copy >= 0, $"pidfd_getfd failed: {Marshal.GetLastPInvokeErrorMessage()}");
            int localLength = local.Length, remoteLength = remote.Length, value = 0, valueLength = sizeof(int);
            if (GetPeerName((int)copy, ref MemoryMarshal.GetReference(remote), ref remoteLength) == 0
                && GetSockName((int)copy, ref MemoryMarshal.GetReference(local), ref localLength) == 0
                && GetSockOpt((int)copy, IpProtoTcp, TcpNoDelay, ref value, ref valueLength) == 0)
            {
                found[(Port(local), Port(remote))] = value != 0;
            }
            _ = Close((int)copy);
        }
        _ = Close((int)process);
        return found;
    }

    // sockaddr_in and sockaddr_in6 both have the port, big-endian, at 2.
    private static int Port(ReadOnlySpan<byte> address) => (address[2] << 8) | address[3];

    private static string Address(EndPoint endPoint)
    {
        var ip = (IPEndPoint)endPoint;
        uint address = BitConverter.ToUInt32(ip.Address.MapToIPv4().GetAddressBytes());
        return string.Create(CultureInfo.InvariantCulture, $"{address:X8}:{ip.Port:X4}");
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint first, nint second, nint third);

    [LibraryImport("libc", EntryPoint = "getpeername")]
    private static partial int GetPeerName(int socket, ref byte address, ref int length);

    [LibraryImport("libc", EntryPoint = "getsockname")]
    private static partial int GetSockName(int socket, ref byte address, ref int length);

    [LibraryImport("libc", EntryPoint = "getsockopt")]
    private static partial int GetSockOpt(int socket, int level, int option, ref int value, ref int length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
