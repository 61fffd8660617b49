namespace Rabbit.Client.Credentials;

/// <summary>Who can read a file that holds a secret.</summary>
internal static class TokenFiles
{
    /// <summary>True where accounts other than the file's owner can; nobody knows on Windows.</summary>
    public static bool IsReadableByOthers(string file) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0;
}
