using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;
using Rabbit.Tunneling.Handover;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Database;

/// <summary>
/// Takes the data directory for this process alone, whatever the database is: two servers would write one journal and, by
/// default, one SQLite file. First of all at a server's start, whose work on the database then waits for the
/// <see cref="DatabaseMigrator"/>.
/// </summary>
internal sealed class DataDirectoryLock(RabbitDatabase database, IOptions<PersistenceOptions> options) : IHostedService, IDisposable
{
    private SafeFileHandle? _lock;

    /// <summary>The lock's descriptor, for a successor to share it.</summary>
    public int Descriptor => (int)_lock!.DangerousGetHandle();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_lock is null)
            Take();
        database.Hold();
        return Task.CompletedTask;
    }

    /// <summary>Shares the lock of the server before this one, which ends; before the start.</summary>
    public void Share(int descriptor) => _lock = new SafeFileHandle(descriptor, ownsHandle: true);

    /// <summary>Leaves the lock to a successor that shares it. .NET would unlock the file for both (flock(2)).</summary>
    public void Leave()
    {
        if (_lock is not { } shared || !OperatingSystem.IsLinux())
            return;
        DescriptorPassing.Close(Descriptor);
        shared.SetHandleAsInvalid();
    }

    /// <summary>Takes the directory, and makes it where there is none.</summary>
    /// <exception cref="StoreUnavailableException">Another server uses it, or it cannot be written; the message says what to do.</exception>
    public void Take()
    {
        string directory = options.Value.Data;
        string file = Path.Combine(directory, "rabbit.lock");
        try
        {
            Directory.CreateDirectory(directory);
            // .NET takes an advisory lock (flock) for FileShare.None, which the kernel drops with the process.
            _lock = File.OpenHandle(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (!database.Connection.IsPostgres)
                MakeDatabaseFile(database.Connection.Name);
        }
        catch (IOException e) when (File.Exists(file))
        {
            throw new StoreUnavailableException(
                $"Another rabbit server uses the data directory {directory}; stop it, or name another directory with --data.", e, passes: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException(
                $"The data directory {directory} cannot be written ({e.Message}); give this account access, or name another with --data.", e, passes: false);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _lock?.Dispose();

    // An empty file is an empty database; those that SQLite makes beside it get the same mode.
    private static void MakeDatabaseFile(string file)
    {
        var ownerOnly = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
            ownerOnly.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        new FileStream(file, ownerOnly).Dispose();
    }
}
