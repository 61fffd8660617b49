namespace Rabbit.Persistence.ConnectionLogs.Journal;

/// <summary>
/// Where journals are: each server has a directory for itself, by a lock in it that the kernel drops with the process. It is the first
/// (<c>journal</c>), but for a server that takes over from one that still runs (<c>journal.2</c>, and so on).
/// </summary>
internal static class JournalDirectories
{
    private const int Most = 100;

    /// <summary>Takes the first directory that no server has; made when it is missing, for this account alone.</summary>
    /// <exception cref="IOException">The directory cannot be used.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be used by this account.</exception>
    public static (string Directory, IDisposable Lock) Take(string first)
    {
        for (int number = 1; number <= Most; number++)
        {
            string directory = number == 1 ? first : $"{first}.{number}";
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(directory);
            else
                Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            if (TryLock(directory) is { } taken)
                return (directory, taken);
        }
        throw new IOException($"{Most} servers that have been replaced still run beside {first}; end them.");
    }

    /// <summary>Those of other servers, which are ending or have crashed.</summary>
    public static IEnumerable<string> Others(string first, string own)
    {
        string name = Path.GetFileName(first);
        return Directory.EnumerateDirectories(Path.GetDirectoryName(Path.GetFullPath(first))!).Where(directory =>
            (Path.GetFileName(directory) == name || Path.GetFileName(directory).StartsWith($"{name}.", StringComparison.Ordinal))
            && directory != Path.GetFullPath(own));
    }

    /// <summary>Takes a directory that no running server has; null otherwise.</summary>
    public static IDisposable? TryLock(string directory)
    {
        string file = Path.Combine(directory, "lock");
        // .NET takes an advisory lock (flock) for FileShare.None.
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            return new FileStream(file, options);
        }
        catch (IOException) when (File.Exists(file))
        {
            return null;
        }
    }
}
