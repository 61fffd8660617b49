namespace Rabbit.Persistence.Cluster;

/// <summary>
/// The run of the process that uses the data directory. Its lock is held by one process at a time: the run before has ended, and its lease
/// need not be waited for.
/// </summary>
internal sealed class RunFile(string data)
{
    private readonly string _file = Path.Combine(data, "node.run");

    /// <summary>The run before, or all zero.</summary>
    public Guid Read()
    {
        try
        {
            return Guid.TryParse(File.ReadAllText(_file).Trim(), out Guid run) ? run : Guid.Empty;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Guid.Empty;
        }
    }

    /// <summary>This run; without it the next one has to wait.</summary>
    public void Write(Guid run)
    {
        try
        {
            File.WriteAllText(_file, $"{run}\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk, say, of which others tell.
        }
    }
}
