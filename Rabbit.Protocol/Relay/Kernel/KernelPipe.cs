using System.Runtime.Versioning;

namespace Rabbit.Protocol.Relay.Kernel;

/// <summary>
/// A pipe through which splice(2) moves bytes from one socket to another without copying them into the process. Used by one
/// lane at a time.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class KernelPipe(int readEnd, int writeEnd, int capacity) : IDisposable
{
    /// <summary>Bytes that fit into it, roughly: the kernel counts pages, of which a small packet fills one too.</summary>
    public int Capacity => capacity;

    /// <summary>Bytes in it.</summary>
    public int Held { get; private set; }

    /// <summary>Moves what is there from a socket into the pipe: bytes, 0 for the socket's end, or minus an error.</summary>
    public int FillFrom(int socket)
    {
        int moved = LinuxCalls.Splice(socket, writeEnd, capacity - Held);
        if (moved > 0)
            Held += moved;
        return moved;
    }

    /// <summary>Moves what the socket takes out of the pipe: bytes, or minus an error.</summary>
    public int DrainTo(int socket)
    {
        int moved = LinuxCalls.Splice(readEnd, socket, Held);
        if (moved > 0)
            Held -= moved;
        return moved;
    }

    /// <summary>Takes bytes out of the pipe.</summary>
    public int Read(Span<byte> buffer)
    {
        int read = LinuxCalls.Read(readEnd, buffer);
        if (read > 0)
            Held -= read;
        return read;
    }

    /// <summary>Gives both descriptors back; once.</summary>
    public void Dispose()
    {
        LinuxCalls.ClosePipeEnd(readEnd);
        LinuxCalls.ClosePipeEnd(writeEnd);
    }
}
