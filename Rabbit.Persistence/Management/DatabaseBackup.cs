using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Management;

/// <summary>Copies of the database.</summary>
public sealed class DatabaseBackup
{
    private static readonly TimeSpan LongestCopy = TimeSpan.FromHours(1);

    private readonly RabbitDatabase _database;

    internal DatabaseBackup(RabbitDatabase database) => _database = database;

    /// <summary>
    /// Writes SQLite's database as it is at one moment into a new file that only this account can read, while a server goes on
    /// with it (sqlite.org, "VACUUM"). The file appears under its name when it is whole and on the disk.
    /// </summary>
    /// <param name="file">Where to; must not exist.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The size in bytes.</returns>
    /// <exception cref="StoreUnavailableException">The database cannot be read, or is PostgreSQL's.</exception>
    /// <exception cref="IOException">The file exists or cannot be written.</exception>
    public async Task<long> WriteAsync(string file, CancellationToken cancellationToken)
    {
        if (_database.Connection.IsPostgres)
        {
            throw new StoreUnavailableException(
                $"{_database.Connection.Name} is copied by PostgreSQL's own tool; run 'pg_dump --format=custom --file=FILE', as docs/backup.md shows.");
        }
        DatabaseSchema.RequireFile(_database.Connection);
        if (Path.Exists(file))
            throw new IOException($"{file} exists already; name a new file, since a backup replaces none.");

        string written = $"{file}.{Guid.NewGuid():N}";
        var ownerOnly = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
            ownerOnly.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        // SQLite writes into an empty file that is there.
        await using FileStream copy = Create(written, ownerOnly);
        try
        {
            await _database.RunAsync(async context =>
            {
                context.Database.SetCommandTimeout(LongestCopy);
                await context.Database.ExecuteSqlAsync($"VACUUM INTO {written}", cancellationToken);
            });
            copy.Flush(flushToDisk: true);
            File.Move(written, file, overwrite: false);
            return new FileInfo(file).Length;
        }
        catch
        {
            File.Delete(written);
            throw;
        }
    }

    private static FileStream Create(string file, FileStreamOptions options)
    {
        try
        {
            return new FileStream(file, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The backup cannot be written ({e.Message.TrimEnd('.')}); name a file in a directory where this account may write.", e);
        }
    }
}
