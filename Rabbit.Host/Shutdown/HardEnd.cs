using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Rabbit.Host.Shutdown;

/// <summary>
/// Ends the process whatever its threads do: by a timer of the kernel, whose signal (SIGALRM) nothing here handles, or at once. What is not
/// in the database then is in the journal.
/// </summary>
internal static partial class HardEnd
{
    private const int RealTime = 0; // ITIMER_REAL
    private const int EndedBySignal = 128;

    /// <summary>Ends the process after this time; a later call replaces an earlier one (setitimer(2)).</summary>
    public static void Within(TimeSpan time)
    {
        if (!OperatingSystem.IsLinux())
            return;
        long microseconds = Math.Max(1, (long)time.TotalMicroseconds);
        var timer = new Timer { Seconds = microseconds / 1_000_000, Microseconds = microseconds % 1_000_000 };
        if (SetTimer(RealTime, in timer, 0) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Ends the process at once, as the signal would have (_exit(2)).</summary>
    public static void Now(int signal) => Exit(EndedBySignal + signal);

    [LibraryImport("libc", EntryPoint = "setitimer", SetLastError = true)]
    private static partial int SetTimer(int which, in Timer timer, nint before);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int status);

    // struct itimerval of 64-bit Linux.
    [StructLayout(LayoutKind.Sequential)]
    private struct Timer
    {
        public long IntervalSeconds;
        public long IntervalMicroseconds;
        public long Seconds;
        public long Microseconds;
    }
}
