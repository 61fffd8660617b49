using System.Globalization;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs.Journal;

/// <summary>
/// The log entries that the database may not have yet, in files of the data directory: what was appended is there after this
/// process was killed. One caller appends, one reads; a file goes when the reader has released it. Files of a run before this
/// one come first.
/// </summary>
/// <param name="directory">The first of the <see cref="JournalDirectories"/>.</param>
/// <param name="limit">Bytes that all files together may take; what would exceed it is not appended.</param>
internal sealed class ConnectionJournal(string directory, long limit) : IDisposable
{
    private const string Extension = ".journal";
    private const int SegmentLength = 8 * 1024 * 1024;
    private const int ReleasedSegmentLength = 1024 * 1024; // From which on it is deleted rather than continued.
    private const int ReadLength = 256 * 1024;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, long> _lengths = []; // Of each segment's whole records, or of its file before it was read.
    private readonly Channel<bool> _appended = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private string _place = "";
    private IDisposable? _owned;
    private SafeFileHandle? _file;
    private long _current;
    private JournalPosition _released;

    /// <summary>Where the oldest entry is.</summary>
    public JournalPosition Start { get; private set; }

    /// <summary>Where the entries of this run begin; those before it are of earlier ones.</summary>
    public JournalPosition StartOfThisRun { get; private set; }

    /// <summary>Journals that other servers have left, or are about to leave.</summary>
    public IReadOnlyList<string> Left { get; private set; } = [];

    /// <summary>Bytes in all files.</summary>
    public long Length
    {
        get
        {
            lock (_lock)
                return _lengths.Values.Sum();
        }
    }

    /// <summary>Finds what earlier runs have left.</summary>
    /// <exception cref="IOException">The directory cannot be used.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be used by this account.</exception>
    public void Open()
    {
        (_place, _owned) = JournalDirectories.Take(directory);
        Left = [.. JournalDirectories.Others(directory, _place)];
        FindSegments();
        _current = _lengths.Count == 0 ? 1 : _lengths.Keys.Last() + 1;
        StartOfThisRun = new JournalPosition(_current, 0);
        Start = _lengths.Count == 0 ? StartOfThisRun : new JournalPosition(_lengths.Keys.First(), 0);
        _lengths[_current] = 0;
    }

    /// <summary>Finds what another server has written so far, to be read only; what it appends later takes another call on another object.</summary>
    public void OpenLeft()
    {
        _place = directory;
        FindSegments();
        _current = _lengths.Count == 0 ? 1 : _lengths.Keys.Last();
        Start = new JournalPosition(_lengths.Count == 0 ? 1 : _lengths.Keys.First(), 0);
        _lengths.TryAdd(_current, 0);
    }

    /// <summary>Appends all entries, or none; false where the limit forbids it.</summary>
    /// <exception cref="IOException">They could not be written; the same call may succeed later.</exception>
    public async ValueTask<bool> TryAppendAsync(IEnumerable<ConnectionLogEntry> entries)
    {
        using var buffer = new MemoryStream();
        foreach (ConnectionLogEntry entry in entries)
            JournalRecord.Write(buffer, entry);
        if (Length + buffer.Length > limit)
            return false;

        long end = LengthOf(_current);
        if (end >= SegmentLength || (end >= ReleasedSegmentLength && IsReleased(end)))
        {
            BeginSegment();
            end = 0;
        }
        _file ??= File.OpenHandle(PathOf(_current), FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read | FileShare.Delete);
        try
        {
            await RandomAccess.WriteAsync(_file, buffer.GetBuffer().AsMemory(0, (int)buffer.Length), end);
        }
        catch (IOException)
        {
            // Perhaps a part was written: the next attempt begins at the same place.
            RandomAccess.SetLength(_file, end);
            throw;
        }
        lock (_lock)
            _lengths[_current] = end + buffer.Length;
        _appended.Writer.TryWrite(true);
        return true;
    }

    /// <summary>Nothing is appended any more.</summary>
    public void Complete() => _appended.Writer.TryComplete();

    /// <summary>Waits until something was appended since the last call; false once nothing will be.</summary>
    public async ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken) =>
        await _appended.Reader.WaitToReadAsync(cancellationToken) && _appended.Reader.TryRead(out _);

    /// <summary>Reads on from a position.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public async ValueTask<JournalBatch> ReadAsync(JournalPosition position, CancellationToken cancellationToken)
    {
        long end;
        lock (_lock)
        {
            end = _lengths[position.Segment];
            if (position.Offset >= end)
                return new JournalBatch([], position.Segment == _current ? position : Following(position.Segment), 0);
        }

        byte[] buffer = new byte[Math.Min(ReadLength, end - position.Offset)];
        int count;
        using (SafeFileHandle file = File.OpenHandle(PathOf(position.Segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
            count = await RandomAccess.ReadAsync(file, buffer, position.Offset, cancellationToken);

        var entries = new List<ConnectionLogEntry>();
        int read = 0;
        int length;
        while (JournalRecord.TryRead(buffer.AsMemory(read, count - read), out ConnectionLogEntry? entry, out length))
        {
            entries.Add(entry!);
            read += length;
        }
        // The next read begins with the record that this one has cut, unless the file itself ends within it or it is damaged.
        bool isCut = length > 0 && position.Offset + read + length <= end;
        return isCut || read == count
            ? new JournalBatch(entries, position with { Offset = position.Offset + read }, 0)
            : new JournalBatch(entries, position with { Offset = end }, end - position.Offset - read);
    }

    /// <summary>Everything before this position is safe elsewhere: deletes the files that end there.</summary>
    public void Release(JournalPosition position)
    {
        lock (_lock)
        {
            _released = position;
            foreach (long segment in _lengths.Keys.TakeWhile(segment => segment < position.Segment).ToList())
            {
                File.Delete(PathOf(segment));
                _lengths.Remove(segment);
            }
        }
    }

    /// <summary>Deletes the file of this run where all of it was read, after the last append.</summary>
    public void Finish(JournalPosition position)
    {
        if (position.Segment != _current || position.Offset < LengthOf(_current))
            return;
        CloseFile();
        Release(position with { Segment = _current + 1 });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CloseFile();
        _owned?.Dispose();
    }

    private void FindSegments()
    {
        foreach (FileInfo file in new DirectoryInfo(_place).EnumerateFiles($"*{Extension}"))
        {
            if (long.TryParse(Path.GetFileNameWithoutExtension(file.Name), NumberStyles.None, CultureInfo.InvariantCulture, out long segment))
                _lengths[segment] = file.Length;
        }
    }

    private void CloseFile()
    {
        _file?.Dispose();
        _file = null;
    }

    private void BeginSegment()
    {
        CloseFile();
        lock (_lock)
            _lengths[++_current] = 0;
    }

    private bool IsReleased(long end)
    {
        lock (_lock)
            return _released == new JournalPosition(_current, end);
    }

    private JournalPosition Following(long segment) => new(_lengths.Keys.First(next => next > segment), 0);

    private long LengthOf(long segment)
    {
        lock (_lock)
            return _lengths[segment];
    }

    private string PathOf(long segment) => Path.Combine(_place, segment.ToString("D10", CultureInfo.InvariantCulture) + Extension);
}
