using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Rabbit.Protocol.Relay.Kernel;

/// <summary>
/// The system calls that move bytes between sockets without waiting. Each returns a number of bytes, or minus the error's
/// number (errno(3)); an interrupted call is made again.
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class LinuxCalls
{
    /// <summary>The call would have to wait.</summary>
    public const int WouldBlock = -11; // EAGAIN

    private const int Interrupted = 4; // EINTR
    private const int DoNotWait = 0x40; // MSG_DONTWAIT
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL
    private const int MoreFollows = 0x8000; // MSG_MORE
    private const uint MoveWithoutWaiting = 1 | 2; // SPLICE_F_MOVE | SPLICE_F_NONBLOCK
    private const int CloseOnExecNonBlocking = 0x80000 | 0x800; // O_CLOEXEC | O_NONBLOCK
    private const int SetPipeSize = 1031; // F_SETPIPE_SZ

    /// <summary>Receives what is there (recv(2)); 0 is the peer's end.</summary>
    public static int Receive(int socket, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint received;
            do
                received = Recv(socket, start, (nuint)buffer.Length, DoNotWait);
            while (received < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            return Result(received);
        }
    }

    /// <summary>Sends what the socket takes (send(2)); with <paramref name="moreFollows"/> it may wait there for what follows.</summary>
    public static int Send(int socket, ReadOnlySpan<byte> bytes, bool moreFollows = false)
    {
        int flags = DoNotWait | NoSignal | (moreFollows ? MoreFollows : 0);
        fixed (byte* start = bytes)
        {
            nint sent;
            do
                sent = Send(socket, start, (nuint)bytes.Length, flags);
            while (sent < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            return Result(sent);
        }
    }

    /// <summary>Moves up to <paramref name="count"/> bytes between a socket and a pipe (splice(2)); 0 is the source's end.</summary>
    public static int Splice(int source, int target, int count)
    {
        nint moved;
        do
            moved = Splice(source, null, target, null, (nuint)count, MoveWithoutWaiting);
        while (moved < 0 && Marshal.GetLastPInvokeError() == Interrupted);
        return Result(moved);
    }

    /// <summary>Takes bytes out of a pipe (read(2)).</summary>
    public static int Read(int pipe, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            nint read;
            do
                read = Read(pipe, start, (nuint)buffer.Length);
            while (read < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            return Result(read);
        }
    }

    /// <summary>Makes a pipe that never waits (pipe2(2)); false when descriptors or memory have run out.</summary>
    public static bool TryMakePipe(out int readEnd, out int writeEnd)
    {
        int* ends = stackalloc int[2];
        bool made = Pipe2(ends, CloseOnExecNonBlocking) == 0;
        (readEnd, writeEnd) = made ? (ends[0], ends[1]) : (-1, -1);
        return made;
    }

    /// <summary>
    /// Asks for a pipe of so many bytes and returns the size that it has (pipe(7)): users without privileges get no more
    /// than fs.pipe-user-pages-soft pages in all.
    /// </summary>
    public static int ResizePipe(int pipe, int bytes) => Fcntl(pipe, SetPipeSize, bytes);

    /// <summary>Closes one end of a pipe.</summary>
    public static void ClosePipeEnd(int end) => _ = Close(end);

    /// <summary>What a failed call's result means to those who expect .NET's own exceptions.</summary>
    public static SocketException ToException(int result) => new((int)(result switch
    {
        -104 => SocketError.ConnectionReset, // ECONNRESET
        -32 => SocketError.Shutdown, // EPIPE
        -110 => SocketError.TimedOut, // ETIMEDOUT
        -113 => SocketError.HostUnreachable, // EHOSTUNREACH
        _ => SocketError.SocketError,
    }));

    private static int Result(nint returned) => returned < 0 ? -Marshal.GetLastPInvokeError() : (int)returned;

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Recv(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "splice", SetLastError = true)]
    private static partial nint Splice(int source, long* sourceOffset, int target, long* targetOffset, nuint length, uint flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int Pipe2(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
