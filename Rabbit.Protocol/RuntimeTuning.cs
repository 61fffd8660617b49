using System.Runtime.InteropServices;

namespace Rabbit.Protocol;

/// <summary>What both programs ask of the runtime and of the C library beneath it, without the user setting anything.</summary>
public static partial class RuntimeTuning
{
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const int MmapThreshold = -3; // M_MMAP_THRESHOLD, mallopt(3)
    private const int TlsRecordBuffer = 16 * 1024;

    /// <summary>To be called first of all: both hold only for sockets and buffers that are made afterwards.</summary>
    public static void Apply()
    {
        // Continuations run on the thread that found the socket ready (docs/data-path.md).
        if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
        if (OperatingSystem.IsLinux())
            MapLargeBuffers();
    }

    /// <summary>
    /// OpenSSL keeps two buffers of a whole record for each connection, of which small messages touch a fraction: mapped one by
    /// one, the pages that are never touched take no memory, and those of a closed connection go back at once.
    /// </summary>
    private static void MapLargeBuffers()
    {
        try
        {
            _ = SetMallocOption(MmapThreshold, TlsRecordBuffer);
        }
        catch (EntryPointNotFoundException)
        {
            // Not glibc: musl has no such option.
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetMallocOption(int option, int value);
}
