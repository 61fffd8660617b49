using System.Diagnostics;
using System.IO.Pipes;

namespace Rabbit.Host.Handover;

/// <summary>
/// Starts a server that takes over and waits until it serves: for whoever must know whether that has worked, as <c>ExecReload=</c> of a
/// systemd unit.
/// </summary>
internal static class BackgroundSuccessor
{
    /// <summary>The exit status: 0 when the new server serves, which then goes on by itself; its own status when it has failed.</summary>
    public static async Task<int> StartAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var done = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments);
        start.Environment[Takeover.DonePipeVariable] = done.GetClientHandleAsString();
        using Process successor = Process.Start(start)!;
        done.DisposeLocalCopyOfClientHandle();
        if (await done.ReadAsync(new byte[1], cancellationToken) == 1)
            return ExitCode.Ok;
        await successor.WaitForExitAsync(cancellationToken);
        return successor.ExitCode;
    }
}
