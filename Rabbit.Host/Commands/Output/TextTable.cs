using Spectre.Console;

namespace Rabbit.Host.Commands.Output;

/// <summary>
/// A table on standard output, written part by part: at a terminal with a heading, where sentences wrap to its width; elsewhere,
/// with NO_COLOR (no-color.org), and where the terminal is too narrow for whole ids, bare columns in which nothing is cut or
/// wrapped. Every cell is made safe for a terminal.
/// </summary>
internal sealed class TextTable(IReadOnlyList<string> names)
{
    // Shorter ones, times among them, do not wrap.
    private const int SentenceLength = 20;
    private const int NarrowestSentence = 12;

    private readonly int[] _widths = [.. names.Select(name => name.Length)];
    private readonly bool _isBare = Console.IsOutputRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
    private bool _begun;

    /// <summary>Writes the next rows; the first ones below the names of the columns.</summary>
    public void Write(IEnumerable<IEnumerable<string?>> rows)
    {
        string[][] safe = [.. rows.Select(row => row.Select(cell => TerminalText.Escape(cell ?? "")).ToArray())];
        if (_isBare || !TryWriteFramed(safe))
            WriteBare(safe);
        _begun = true;
    }

    private void WriteBare(string[][] rows)
    {
        for (int column = 0; column < _widths.Length; column++)
            _widths[column] = rows.Select(row => row[column].Length).Append(_widths[column]).Max();
        foreach (IReadOnlyList<string> row in _begun ? rows : [[.. names], .. rows])
            Console.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(_widths[column]))).TrimEnd());
    }

    // Text, not markup: what is in brackets is a part of a name.
    private bool TryWriteFramed(string[][] rows)
    {
        var table = new Table { Border = TableBorder.Simple };
        int least = 0;
        for (int column = 0; column < names.Count; column++)
        {
            bool wraps = rows.Any(row => row[column].Length > SentenceLength && row[column].Contains(' ', StringComparison.Ordinal));
            table.AddColumn(new TableColumn(new Text(names[column], new Style(decoration: Decoration.Bold))) { NoWrap = !wraps });
            least += table.Columns[column].Padding!.Value.GetWidth() + (wraps ? NarrowestSentence : rows.Select(row => row[column].Length).Append(names[column].Length).Max());
        }
        if (least > AnsiConsole.Profile.Width)
            return false;
        foreach (string[] row in rows)
            table.AddRow(row.Select(cell => new Text(cell)));
        AnsiConsole.Write(table);
        return true;
    }
}
