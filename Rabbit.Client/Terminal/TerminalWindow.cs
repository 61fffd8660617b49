using System.Runtime.InteropServices;

namespace Rabbit.Client.Terminal;

/// <summary>The window of standard output.</summary>
internal static partial class TerminalWindow
{
    private const int StandardOutput = 1;
    private const nuint GetWindowSize = 0x5413; // TIOCGWINSZ of ioctl_tty(2)
    private const int UsualWidth = 80;
    private const int UsualHeight = 24;

    /// <summary>True where standard output is a terminal in which lines can be redrawn.</summary>
    public static bool CanRedraw => !Console.IsOutputRedirected && !OperatingSystem.IsWindows()
        && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";

    /// <summary>Cells of a line, and lines.</summary>
    public static (int Width, int Height) Size
    {
        get
        {
            // Asked for directly, where possible: System.Console would also change modes of the terminal.
            if (OperatingSystem.IsLinux())
                return Ask(StandardOutput, GetWindowSize, out Cells cells) == 0 && cells is { Columns: > 0, Rows: > 0 } ? (cells.Columns, cells.Rows) : (UsualWidth, UsualHeight);
            try
            {
                return (Console.WindowWidth, Console.WindowHeight);
            }
            catch (Exception e) when (e is IOException or PlatformNotSupportedException)
            {
                return (UsualWidth, UsualHeight);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Ask(int descriptor, nuint request, out Cells cells);

    [StructLayout(LayoutKind.Sequential)]
    private struct Cells
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
