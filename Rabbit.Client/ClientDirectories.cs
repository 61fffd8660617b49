namespace Rabbit.Client;

/// <summary>Where this account keeps what the program remembers (XDG Base Directory Specification).</summary>
internal static class ClientDirectories
{
    private const string Name = "rabbit";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary><c>$XDG_CONFIG_HOME/rabbit</c>.</summary>
    public static string Configuration { get; } = Path.Combine(Base("XDG_CONFIG_HOME", ".config"), Name);

    /// <summary><c>$XDG_RUNTIME_DIR/rabbit</c>, where there is one, or else <c>$XDG_STATE_HOME/rabbit</c>.</summary>
    public static string Runtime { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime ? runtime : Base("XDG_STATE_HOME", ".local/state"), Name);

    /// <summary>Makes a directory, if it is not there, into which nobody else can look.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be made.</exception>
    public static void Create(string directory)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(directory);
        else
            Directory.CreateDirectory(directory, OwnerOnly);
    }

    private static string Base(string variable, string underHome) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } home
        ? home
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), underHome);
}
