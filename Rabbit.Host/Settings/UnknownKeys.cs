using Rabbit.Host.Startup;
using Rabbit.Tunneling;

namespace Rabbit.Host.Settings;

/// <summary>
/// Finds what a configuration file holds and nobody reads. A misspelt limit would limit nothing, and nobody would notice; so a server
/// with such a file does not start.
/// </summary>
internal static class UnknownKeys
{
    private const string Section = TunnelingOptions.Section;

    // Read by the framework: levels of log categories.
    private const string LoggingSection = "Logging";

    /// <exception cref="FormatException">One sentence about the first key that is none.</exception>
    public static void Check(IConfigurationRoot configuration)
    {
        foreach (FileConfigurationProvider file in configuration.Providers.OfType<FileConfigurationProvider>())
        {
            foreach (string path in Leaves(file, null))
            {
                if (Explain(path.Split(ConfigurationPath.KeyDelimiter), Path.GetFileName(file.Source.Path!)) is { } problem)
                    throw new FormatException(problem);
            }
        }
    }

    private static string? Explain(string[] path, string file)
    {
        if (IsSame(path[0], LoggingSection) || (IsSame(path[0], Section) && path.Length == 1))
            return null;
        if (!IsSame(path[0], Section))
        {
            string example = $$"""{ "{{Section}}": { "{{KnownSettings.Find(path[0])?.Key ?? "ApiPort"}}": ... } }""";
            return IsSame(NearestKey.Find(path[0], [Section]), Section)
                ? $"{path[0]} in {file} is no section; write {Section}."
                : $"{path[0]} in {file} stands outside of the section {Section}, where nobody reads it; write {example}.";
        }
        if (KnownSettings.Find(path[1]) is { } known)
            return path.Length == 2 ? null : $"{known.Key} in {file} must be one value, not a list or an object; where it takes several, write them with commas between them.";
        // Who writes the name of a flag means its setting.
        string wanted = string.Concat(path.Skip(1));
        string? nearest = ServerFlag.All.FirstOrDefault(flag => IsSame(flag.Name[2..].Replace("-", "", StringComparison.Ordinal), wanted))?.Key
            ?? NearestKey.Find(wanted, KnownSettings.All.Select(setting => setting.Key));
        return $"{string.Join('.', path.Skip(1))} in {file} is no setting; {(nearest is null ? "docs/configuration.md lists what there is" : $"the nearest one is {nearest}")}.";
    }

    private static IEnumerable<string> Leaves(FileConfigurationProvider file, string? parent)
    {
        foreach (string key in file.GetChildKeys([], parent).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            string path = parent is null ? key : ConfigurationPath.Combine(parent, key);
            bool isLeaf = true;
            foreach (string leaf in Leaves(file, path))
            {
                isLeaf = false;
                yield return leaf;
            }
            if (isLeaf)
                yield return path;
        }
    }

    private static bool IsSame(string? one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
