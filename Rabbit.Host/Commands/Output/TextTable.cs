using Spectre.Console;

namespace Rabbit.Host.Commands.Output;

/// <summary>
/// A table on standard output, written part by part: at a terminal as wide as that is; elsewhere, and with NO_COLOR
/// (no-color.org), bare columns in which nothing is cut or wrapped. Every cell is made safe for a terminal.
/// </summary>
internal sealed class TextTable(IReadOnlyList<string> names)
{
    private readonly int[] _widths = [.. names.Select(name => name.Length)];
    private bool _begun;

    private static bool IsBare => Console.IsOutputRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };

    /// <summary>Writes the next rows; the first ones below the names of the columns.</summary>
    public void Write(IEnumerable<IEnumerable<string?>> rows)
    {
        string[][] safe = [.. rows.Select(row => row.Select(cell => TerminalText.Escape(cell ?? "")).ToArray())];
        if (IsBare)
            WriteBare(safe);
        else
            WriteFramed(safe);
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
    private void WriteFramed(string[][] rows)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (string name in names)
            table.AddColumn(new TableColumn(new Text(name, new Style(decoration: Decoration.Bold))));
        foreach (string[] row in rows)
            table.AddRow(row.Select(cell => new Text(cell)));
        AnsiConsole.Write(table);
    }
}
