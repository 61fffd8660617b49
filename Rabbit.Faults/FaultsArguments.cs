using System.Globalization;
using Rabbit.Faults.Rows;

namespace Rabbit.Faults;

/// <summary>What the command line says.</summary>
/// <param name="Rows">The rows to run.</param>
/// <param name="Seed">Of all of them.</param>
/// <param name="IsShort">A few rounds of each.</param>
/// <param name="IsList">Says which rows there are, and ends.</param>
/// <param name="Soak">How long to soak instead; null for the rows.</param>
/// <param name="Histories">Directory of the histories that are kept.</param>
/// <param name="KeepAll">Keeps those of rows that held, too.</param>
internal sealed record FaultsArguments(
    IReadOnlyList<FaultRow> Rows, int Seed, bool IsShort, bool IsList, TimeSpan? Soak, string Histories, bool KeepAll)
{
    private static readonly TimeSpan DefaultSoak = TimeSpan.FromMinutes(15);

    /// <exception cref="FormatException">One sentence that says what to correct.</exception>
    public static FaultsArguments Parse(IReadOnlyList<string> arguments)
    {
        var read = new FaultsArguments([], Random.Shared.Next(), IsShort: false, IsList: false, Soak: null, ".", KeepAll: false);
        TimeSpan? minutes = null;
        for (int i = 0; i < arguments.Count; i++)
        {
            read = arguments[i] switch
            {
                "--short" => read with { IsShort = true },
                "--list" => read with { IsList = true },
                "--keep" => read with { KeepAll = true },
                "--seed" => read with { Seed = (int)Number(arguments, ++i) },
                "--minutes" => read with { Soak = (minutes = TimeSpan.FromMinutes(Number(arguments, ++i))) },
                "--histories" => read with { Histories = Value(arguments, ++i) },
                "soak" => read with { Soak = minutes ?? DefaultSoak },
                var name => read with { Rows = [.. read.Rows, Row(name)] },
            };
        }
        if (read is { Soak: not null, Rows.Count: > 0 })
            throw new FormatException("A soak goes by itself: leave the rows out, or 'soak' and '--minutes'.");
        return read.Rows.Count > 0 ? read : read with { Rows = FaultRow.All };
    }

    private static FaultRow Row(string name) => FaultRow.All.FirstOrDefault(row => row.Name == name)
        ?? throw new FormatException($"There is no row '{name}'; there are {string.Join(", ", FaultRow.All.Select(row => row.Name))}.");

    private static string Value(IReadOnlyList<string> arguments, int index) => index < arguments.Count
        ? arguments[index]
        : throw new FormatException($"{arguments[^1]} needs a value.");

    private static double Number(IReadOnlyList<string> arguments, int index) =>
        double.TryParse(Value(arguments, index), CultureInfo.InvariantCulture, out double number) && number is >= 0 and <= int.MaxValue
            ? number
            : throw new FormatException($"{arguments[index - 1]} needs a number, not '{arguments[index]}'.");
}
