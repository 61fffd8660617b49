using System.Text;

namespace Rabbit.Host.Commands.Api;

/// <summary>
/// A file for a secret that is about to be made: there, and this account's alone, before the secret is, so that none is lost
/// for want of a place; gone again when none came.
/// </summary>
internal sealed class NewSecretFile : IDisposable
{
    private readonly FileStream _file;
    private bool _written;

    private NewSecretFile(FileStream file) => _file = file;

    /// <summary>As it was named.</summary>
    public string Name => _file.Name;

    /// <summary>Makes the file; null when none is wanted.</summary>
    /// <exception cref="CommandFailedException">It exists, or cannot be made.</exception>
    public static NewSecretFile? Open(string? name)
    {
        if (name is null)
            return null;
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            return new NewSecretFile(new FileStream(name, options));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandFailedException(ExitCode.Failure, $"The file {name} cannot be made ({e.Message.TrimEnd('.')}); no token was made, name another file with --token-file.");
        }
    }

    public void Write(string secret)
    {
        if (_written)
            return;
        _file.Write(Encoding.ASCII.GetBytes(secret + "\n"));
        _file.Flush(flushToDisk: true);
        _written = true;
    }

    public void Dispose()
    {
        _file.Dispose();
        if (!_written)
            File.Delete(Name);
    }
}
