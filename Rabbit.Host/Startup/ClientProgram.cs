namespace Rabbit.Host.Startup;

/// <summary>Finds tunnel-client on this machine, so that the printed command works as pasted.</summary>
internal static class ClientProgram
{
    private const string Name = "tunnel-client";

    /// <summary>How to call it from the current directory in a shell.</summary>
    public static string Command()
    {
        string path = Path();
        return path.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+@%:,=".Contains(c, StringComparison.Ordinal))
            ? path
            : $"'{path.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }

    // Beside this program, or where the build puts it, or by name.
    private static string Path()
    {
        string here = AppContext.BaseDirectory.TrimEnd(System.IO.Path.DirectorySeparatorChar);
        string configuration = System.IO.Path.GetFileName(here);
        string[] places =
        [
            System.IO.Path.Combine(here, Name),
            System.IO.Path.GetFullPath(System.IO.Path.Combine(here, "..", "..", "Rabbit.Client", configuration, Name)),
        ];
        string? found = places.FirstOrDefault(File.Exists);
        if (found is null)
            return Name;
        string relative = System.IO.Path.GetRelativePath(Environment.CurrentDirectory, found);
        if (!relative.Contains(System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal))
            relative = $"./{relative}";
        return relative.StartsWith("..", StringComparison.Ordinal) || relative.Length > found.Length ? found : relative;
    }
}
