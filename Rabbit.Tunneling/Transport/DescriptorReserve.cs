using Microsoft.Win32.SafeHandles;

namespace Rabbit.Tunneling.Transport;

/// <summary>
/// Descriptors for the process itself when connections have taken all others: the runtime needs two for a thread (pipe(2)), and ends the
/// process where it cannot have them. They are opened before all else, so that their numbers are low, and within a limit that is lowered
/// later (getrlimit(2)). Any thread may call.
/// </summary>
public sealed class DescriptorReserve : IDisposable
{
    private const int Size = 32;
    private const string Anything = "/dev/null";

    private readonly Lock _lock = new();
    private readonly List<SafeFileHandle> _kept = [];
    private bool _isGiven;

    /// <summary>Keeps as many as there are to be had.</summary>
    public DescriptorReserve() => TryKeep();

    /// <summary>True while the process may be living on the reserve: nothing is to be accepted before <see cref="TryKeep"/> works.</summary>
    public bool IsGiven => Volatile.Read(ref _isGiven);

    /// <summary>No descriptor is left: those of the reserve are free from now on.</summary>
    public void Give()
    {
        lock (_lock)
            CloseAll();
    }

    /// <summary>Makes the reserve whole; false, and it stays given, when there are not as many descriptors to be had.</summary>
    public bool TryKeep()
    {
        if (!File.Exists(Anything))
            return true; // Another kind of system, with other limits.
        lock (_lock)
        {
            try
            {
                while (_kept.Count < Size)
                    _kept.Add(File.OpenHandle(Anything));
                Volatile.Write(ref _isGiven, false);
                return true;
            }
            catch (IOException)
            {
                CloseAll();
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Give();

    private void CloseAll()
    {
        Volatile.Write(ref _isGiven, true);
        _kept.ForEach(handle => handle.Dispose());
        _kept.Clear();
    }
}
