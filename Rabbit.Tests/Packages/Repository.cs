using System.Runtime.CompilerServices;

namespace Rabbit.Tests.Packages;

/// <summary>The files that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string File(params string[] path) => Path.Combine([Root, .. path]);

    public static string Read(params string[] path) => System.IO.File.ReadAllText(File(path));

    private static string FindRoot([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
