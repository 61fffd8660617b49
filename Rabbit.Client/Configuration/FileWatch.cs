using System.Threading.Channels;

namespace Rabbit.Client.Configuration;

/// <summary>
/// Notices that a file was changed, by looking at it every second: that also sees links that lead elsewhere, as Kubernetes changes them, and
/// network file systems. A file that is being written is left alone until it stays the same for a second.
/// </summary>
internal sealed class FileWatch(string file, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> _wanted = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Stamp _known = Stamp.Of(file);
    private Stamp _last;

    /// <summary>It is to be read now, changed or not.</summary>
    public void Demand() => _wanted.Writer.TryWrite(true);

    /// <summary>Completes at the next change, or when it is demanded.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            using var pace = new CancellationTokenSource(Interval, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(pace.Token, cancellationToken);
            try
            {
                await _wanted.Reader.ReadAsync(either.Token);
                _known = Stamp.Of(file);
                return;
            }
            catch (OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
            if (Look())
                return;
        }
    }

    /// <summary>Looks once; true when it has changed, and is as it was at the last look.</summary>
    internal bool Look()
    {
        var now = Stamp.Of(file);
        // One that has vanished may be in the middle of being replaced.
        bool hasChanged = now == _last && now != _known && now != default;
        _last = now;
        if (hasChanged)
            _known = now;
        return hasChanged;
    }

    private readonly record struct Stamp(DateTime WrittenAt, long Length, string Path)
    {
        public static Stamp Of(string file)
        {
            try
            {
                FileSystemInfo target = File.ResolveLinkTarget(file, returnFinalTarget: true) ?? new FileInfo(file);
                return target is FileInfo { Exists: true } found ? new Stamp(found.LastWriteTimeUtc, found.Length, found.FullName) : default;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return default;
            }
        }
    }
}
