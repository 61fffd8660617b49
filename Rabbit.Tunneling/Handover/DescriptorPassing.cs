using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Rabbit.Tunneling.Handover;

/// <summary>
/// Messages that carry descriptors over a unix socket (SCM_RIGHTS, unix(7)). The calls block for as long as the socket's time-outs
/// allow, so they do not belong on a thread that serves sockets. Linux alone has them in this form.
/// </summary>
public static unsafe partial class DescriptorPassing
{
    /// <summary>Descriptors in one message at most (SCM_MAX_FD).</summary>
    public const int MostInOneMessage = 253;

    private const int SolSocket = 1;
    private const int ScmRights = 1;
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL
    private const int CloseOnExec = 0x40000000; // MSG_CMSG_CLOEXEC
    private const int Truncated = 0x20 | 0x8; // MSG_TRUNC | MSG_CTRUNC
    private const int Interrupted = 4; // EINTR
    private const int GetFlags = 1; // F_GETFD
    private const int SetFlags = 2; // F_SETFD
    private const int FdCloseOnExec = 1; // FD_CLOEXEC

    /// <summary>Sends one message; the receiver gets descriptors of its own, and these stay the caller's.</summary>
    /// <exception cref="SocketException">The peer has gone, or does not take it in time.</exception>
    public static void Send(Socket socket, ReadOnlySpan<byte> message, ReadOnlySpan<int> descriptors)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Length, MostInOneMessage);
        Span<byte> control = stackalloc byte[ControlLength(descriptors.Length)];
        if (descriptors.Length > 0)
        {
            var header = new ControlHeader { Length = (nuint)(sizeof(ControlHeader) + (sizeof(int) * descriptors.Length)), Level = SolSocket, Type = ScmRights };
            MemoryMarshal.Write(control, in header);
            MemoryMarshal.AsBytes(descriptors).CopyTo(control[sizeof(ControlHeader)..]);
        }
        fixed (byte* text = message)
        fixed (byte* ancillary = control)
        {
            var part = new Part { Start = text, Length = (nuint)message.Length };
            var whole = new MessageHeader
            {
                Parts = &part,
                PartCount = 1,
                Control = descriptors.Length == 0 ? null : ancillary,
                ControlLength = descriptors.Length == 0 ? 0 : (nuint)control.Length,
            };
            nint sent;
            do
                sent = SendMessage(Descriptor(socket), &whole, NoSignal);
            while (sent < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            if (sent < 0)
                throw Failure();
        }
    }

    /// <summary>
    /// Receives one message into the buffer; 0 when the peer has closed. The descriptors that came are the caller's to close, and are not
    /// inherited by programs that it starts.
    /// </summary>
    /// <exception cref="SocketException">Nothing came in time, or the connection broke.</exception>
    public static int Receive(Socket socket, Span<byte> buffer, List<int> descriptors)
    {
        Span<byte> control = stackalloc byte[ControlLength(MostInOneMessage)];
        fixed (byte* text = buffer)
        fixed (byte* ancillary = control)
        {
            var part = new Part { Start = text, Length = (nuint)buffer.Length };
            var whole = new MessageHeader { Parts = &part, PartCount = 1, Control = ancillary, ControlLength = (nuint)control.Length };
            nint received;
            do
                received = ReceiveMessage(Descriptor(socket), &whole, CloseOnExec);
            while (received < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            if (received < 0)
                throw Failure();
            if (whole.ControlLength >= (nuint)sizeof(ControlHeader))
            {
                ControlHeader header = MemoryMarshal.Read<ControlHeader>(control);
                if (header.Level == SolSocket && header.Type == ScmRights)
                    descriptors.AddRange(MemoryMarshal.Cast<byte, int>(control[sizeof(ControlHeader)..(int)header.Length]));
            }
            return (whole.Flags & Truncated) == 0 ? (int)received : throw new SocketException((int)SocketError.MessageSize);
        }
    }

    /// <summary>Sees that no program which this process starts inherits a descriptor (FD_CLOEXEC); false when there is no such descriptor.</summary>
    public static bool TryKeepFromChildren(int descriptor)
    {
        int flags = Control(descriptor, GetFlags, 0);
        return flags >= 0 && Control(descriptor, SetFlags, flags | FdCloseOnExec) >= 0;
    }

    /// <summary>Closes a descriptor (close(2)) and does nothing else to what it stands for.</summary>
    public static void Close(int descriptor) => _ = CloseDescriptor(descriptor);

    private static int Descriptor(Socket socket) => (int)socket.SafeHandle.DangerousGetHandle();

    // CMSG_SPACE: padded to whole words.
    private static int ControlLength(int descriptors) => (sizeof(ControlHeader) + (sizeof(int) * descriptors) + 7) & ~7;

    private static SocketException Failure()
    {
        int error = Marshal.GetLastPInvokeError();
        return new SocketException((int)(error == 11 ? SocketError.TimedOut : SocketError.ConnectionReset), Marshal.GetPInvokeErrorMessage(error)); // EAGAIN
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint ReceiveMessage(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseDescriptor(int descriptor);

    // struct iovec, msghdr and cmsghdr as 64-bit Linux has them.
    [StructLayout(LayoutKind.Sequential)]
    private struct Part
    {
        public byte* Start;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public Part* Parts;
        public nuint PartCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }
}
