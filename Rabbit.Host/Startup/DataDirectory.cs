using System.Runtime.Versioning;

namespace Rabbit.Host.Startup;

/// <summary>
/// The directory that holds the server's secrets and, by default, its database. One that Rabbit makes is for this account
/// alone; one that was there keeps its mode. Secrets in it are for this account alone in any case: they are made so, and
/// those that were there (of a restored backup, say) are made so at the start.
/// </summary>
internal static class DataDirectory
{
    private const UnixFileMode SecretFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerOnly = SecretFile | UnixFileMode.UserExecute;

    /// <summary>The file in which the admin key is kept.</summary>
    public static string AdminKeyFile(string data) => Path.Combine(data, "admin.key");

    /// <summary>The directory of the keys with which the framework protects its own data.</summary>
    public static string ProtectionKeys(string data) => Path.Combine(data, "keys");

    /// <summary>Makes a directory for this account alone unless it is there, and sees that files can be made in it.</summary>
    /// <exception cref="IOException">One sentence that says what to do.</exception>
    public static void Make(string directory)
    {
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(directory);
            else if (!Directory.Exists(directory))
                Directory.CreateDirectory(directory, OwnerOnly);
            string probe = Path.Combine(directory, $".{Guid.NewGuid():N}");
            File.Create(probe, 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"The data directory {directory} cannot be written ({e.Message.TrimEnd('.')}); give this account access, or name another with --data.", e);
        }
    }

    /// <summary>Takes from other accounts the right to read what Rabbit keeps here.</summary>
    public static void CloseSecrets(string data)
    {
        if (OperatingSystem.IsWindows())
            return;
        foreach (string directory in new[] { ProtectionKeys(data), Path.Combine(data, "tls") })
            Restrict(directory, OwnerOnly);
        foreach (string file in new[] { "rabbit.db", "rabbit.db-wal", "rabbit.db-shm", Path.Combine("tls", "key.pem") })
            Restrict(Path.Combine(data, file), SecretFile);
        Restrict(AdminKeyFile(data), SecretFile);
    }

    [UnsupportedOSPlatform("windows")]
    private static void Restrict(string path, UnixFileMode mode)
    {
        var item = new FileInfo(path);
        // What a link leads to is the operator's.
        if ((!item.Exists && !Directory.Exists(path)) || item.LinkTarget is not null)
            return;
        try
        {
            File.SetUnixFileMode(path, mode & File.GetUnixFileMode(path));
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            // Another account's, or on a file system that is read-only (a mounted secret): the operator's too.
        }
    }

    /// <summary>Writes a secret into a file that only this account can read, whoever could read the one that it replaces.</summary>
    public static void WriteSecret(string file, string content)
    {
        string written = $"{file}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = SecretFile;
        using (var writer = new StreamWriter(written, options))
            writer.Write(content);
        File.Move(written, file, overwrite: true);
    }

    /// <summary>Writes a secret into a new file that only this account can read.</summary>
    /// <exception cref="IOException">It is there already, or cannot be made.</exception>
    public static void WriteNewSecret(string file, string content)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = SecretFile;
        using var writer = new StreamWriter(file, options);
        writer.Write(content);
    }
}
