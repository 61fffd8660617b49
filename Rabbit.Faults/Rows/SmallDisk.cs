using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>A file system of a few megabytes over a directory, which can be filled without harm to others.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly string _directory;

    private SmallDisk(string directory) => _directory = directory;

    /// <summary>Mounts one.</summary>
    /// <param name="directory">Where; empty.</param>
    /// <param name="size">As mount(8) takes it.</param>
    public static async Task<SmallDisk> MountAsync(string directory, string size)
    {
        await RunAsync("mount", "-t", "tmpfs", "-o", $"size={size},mode=700", "tmpfs", directory);
        return new SmallDisk(directory);
    }

    // Lazily: whoever has just been killed may still be letting go of a file.
    public async ValueTask DisposeAsync() => await RunAsync("umount", "-l", _directory);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        await using RunningProcess process = RunningProcess.Start(program, program, arguments);
        if (await process.WaitForExitAsync(Soon) != 0)
            throw new InvalidOperationException(process.Transcript());
    }
}
