namespace Rabbit.Host.Settings;

/// <summary>Guesses what was meant by a name that is not there.</summary>
internal static class NearestKey
{
    /// <summary>The name that takes the fewest changes to reach, if these are few for its length; or null.</summary>
    public static string? Find(string written, IEnumerable<string> known) => known
        .Select(name => (Name: name, Changes: Changes(written.ToUpperInvariant(), name.ToUpperInvariant())))
        .Where(candidate => candidate.Changes <= Math.Max(1, candidate.Name.Length / 3))
        .OrderBy(candidate => candidate.Changes).ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
        .Select(candidate => candidate.Name).FirstOrDefault();

    // Letters to be put in, taken out, replaced, or exchanged with their neighbour (optimal string alignment).
    private static int Changes(string from, string to)
    {
        var cost = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }
                int replaced = cost[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replaced, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
            }
        }
        return cost[from.Length, to.Length];
    }
}
