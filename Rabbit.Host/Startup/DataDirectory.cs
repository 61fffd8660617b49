namespace Rabbit.Host.Startup;

/// <summary>
/// The directory that holds the server's secrets and, by default, its database. One that Rabbit makes is for this account
/// alone; one that was there keeps its mode. Secrets in it are for this account alone in any case.
/// </summary>
internal static class DataDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

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

    /// <summary>Writes a secret into a file that only this account can read, whoever could read the one that it replaces.</summary>
    public static void WriteSecret(string file, string content)
    {
        string written = $"{file}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(written, options))
            writer.Write(content);
        File.Move(written, file, overwrite: true);
    }
}
