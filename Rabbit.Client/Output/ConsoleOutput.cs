using System.Text;
using System.Threading.Channels;

namespace Rabbit.Client.Output;

/// <summary>
/// The program's standard output: lines from any thread, none of which waits for whoever reads them; and at a terminal a block under the
/// lines, which is redrawn in place. When nobody reads and more than 4,096 lines wait, further ones are dropped, and counted.
/// </summary>
internal sealed class ConsoleOutput : IAsyncDisposable
{
    private const int MostLines = 4096;
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(50);

    private readonly Stream _stream;
    private readonly IBlock? _block;
    private readonly TimeProvider _time;
    private readonly Channel<string> _lines = Channel.CreateBounded<string>(new BoundedChannelOptions(MostLines) { SingleReader = true });
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Task _writing;
    private int _dropped;

    /// <param name="stream">Standard output.</param>
    /// <param name="block">What stands under the lines, or null.</param>
    /// <param name="time">The clock.</param>
    public ConsoleOutput(Stream stream, IBlock? block, TimeProvider time)
    {
        _stream = stream;
        _block = block;
        _time = time;
        _writing = Task.Run(WriteAllAsync);
    }

    /// <summary>Writes a line, later.</summary>
    public void Write(string line)
    {
        if (_lines.Writer.TryWrite(line))
            _wake.Writer.TryWrite(true);
        else
            Interlocked.Increment(ref _dropped);
    }

    /// <summary>The block may look different now.</summary>
    public void Refresh()
    {
        if (_block is not null)
            _wake.Writer.TryWrite(true);
    }

    /// <summary>Something else has been written where the block was.</summary>
    public void Restart()
    {
        _block?.Forget();
        Refresh();
    }

    /// <summary>Writes what is left; for a second at most, should nobody read it.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        _wake.Writer.TryComplete();
        await Task.WhenAny(_writing, Task.Delay(EndLimit, _time));
    }

    private async Task WriteAllAsync()
    {
        try
        {
            while (await _wake.Reader.WaitToReadAsync())
            {
                while (_wake.Reader.TryRead(out _))
                {
                    // Once will do for all that wanted it.
                }
                await WriteWaitingAsync();
                if (_block is not null)
                    await Task.Delay(LeastPause, _time); // A flood of changes is drawn at a pace that eyes can follow.
            }
            await WriteWaitingAsync();
        }
        catch (IOException)
        {
            // Whoever read it has gone; the tunnels stay.
            _lines.Writer.TryComplete();
        }
    }

    private async Task WriteWaitingAsync()
    {
        var lines = new List<string>();
        while (_lines.Reader.TryRead(out string? line))
            lines.Add(line);
        if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped)
            lines.Add($"({dropped} lines were dropped, since nobody read them in time)");
        string text = _block is null ? string.Concat(lines.Select(line => line + '\n')) : _block.Draw(lines);
        if (text.Length == 0)
            return;
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(text));
        await _stream.FlushAsync();
    }
}
