using System.Net.Security;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Rabbit.Protocol.Transport;

/// <summary>
/// Asks OpenSSL to give back a connection's record buffers, of 17 kB each way, whenever they are empty (SSL_set_mode(3),
/// SSL_MODE_RELEASE_BUFFERS), as the idle connections of a tunnel server mostly are. SslStream has no setting for it, so it is
/// looked for inside; where a runtime keeps it elsewhere, nothing happens but that a connection takes more memory.
/// </summary>
internal static partial class OpenSslBuffers
{
    private const int SetMode = 33; // SSL_CTRL_MODE
    private const nint ReleaseBuffers = 0x10; // SSL_MODE_RELEASE_BUFFERS

    private static readonly FieldInfo? Context = OperatingSystem.IsLinux()
        ? typeof(SslStream).GetField("_securityContext", BindingFlags.Instance | BindingFlags.NonPublic)
        : null;

    private static volatile bool _isUnavailable;

    /// <summary>Only after the handshake.</summary>
    public static void ReleaseWhenEmpty(SslStream stream)
    {
        if (_isUnavailable || Context?.GetValue(stream) is not SafeHandle handle || handle.GetType().Name != "SafeSslHandle")
            return;
        bool isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            _ = Control(handle.DangerousGetHandle(), SetMode, ReleaseBuffers, 0);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            _isUnavailable = true;
        }
        finally
        {
            if (isHeld)
                handle.DangerousRelease();
        }
    }

    [LibraryImport("libssl.so.3", EntryPoint = "SSL_ctrl")]
    private static partial nint Control(nint ssl, int command, nint argument, nint pointer);
}
