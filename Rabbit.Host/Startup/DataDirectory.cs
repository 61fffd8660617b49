using Microsoft.Extensions.Options;
using Rabbit.Persistence;

namespace Rabbit.Host.Startup;

/// <summary>Makes the data directory, for this account alone, before anything is written there.</summary>
internal sealed class DataDirectory(IOptions<PersistenceOptions> options) : IHostedService
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The file in which the admin key is kept.</summary>
    public static string AdminKeyFile(string data) => Path.Combine(data, "admin.key");

    /// <summary>Writes a secret into a file that only this account can read.</summary>
    public static void WriteSecret(string file, string content)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(file, options);
        writer.Write(content);
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The directory cannot be made.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        string data = options.Value.Data;
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(data);
            else if (!Directory.Exists(data))
                Directory.CreateDirectory(data, OwnerOnly);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The data directory {data} cannot be made ({e.Message.TrimEnd('.')}); give this account access, or name another with --data", e);
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
