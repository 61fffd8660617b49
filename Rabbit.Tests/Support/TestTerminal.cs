using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Rabbit.Tests.Support;

/// <summary>As much of a terminal as tunnel-client uses (ECMA-48), to see what is on the screen after all that it was sent.</summary>
internal sealed partial class TestTerminal(int width, int height)
{
    private readonly List<StringBuilder> _lines = [new()];
    private int _row;
    private int _column;

    /// <summary>Rows that were blank for a moment, since they were erased before they were written.</summary>
    public int Flickers { get; private set; }

    /// <summary>What has left the window at its top, and what is in it; without blanks at the ends of lines.</summary>
    public IReadOnlyList<string> Lines => [.. _lines.Select(line => line.ToString().TrimEnd())];

    /// <summary>What the window shows.</summary>
    public IReadOnlyList<string> Window => [.. Lines.Skip(Math.Max(0, _lines.Count - height))];

    public void Send(string text)
    {
        foreach (Match piece in Piece().Matches(text.Replace("\r\n", "\n", StringComparison.Ordinal)))
        {
            if (piece.Groups["code"].Success)
                Obey(piece.Groups["code"].Value[0], piece.Groups["number"].Value);
            else if (piece.Value == "\n")
                NextLine();
            else
                Put(piece.Value);
        }
    }

    private int Top => Math.Max(0, _lines.Count - height);

    private void Obey(char code, string number)
    {
        int count = int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : 1;
        switch (code)
        {
            case 'F':
                _row = Math.Max(Top, _row - count);
                _column = 0;
                break;
            case 'G':
                _column = count - 1;
                break;
            case 'K':
                if (_column == 0 && _lines[_row].Length > 0)
                    Flickers++;
                Cut(_row, _column);
                break;
            case 'J':
                Cut(_row, _column);
                for (int row = _row + 1; row < _lines.Count; row++)
                    Cut(row, 0);
                break;
            case 'm' or 'h' or 'l':
                break;
            default:
                throw new NotSupportedException($"The terminal was sent the code '{code}', which it does not know.");
        }
    }

    private void Put(string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (_column == width)
                NextLine();
            StringBuilder line = _lines[_row];
            line.Append(' ', Math.Max(0, _column - line.Length));
            if (_column < line.Length)
                line.Remove(_column, 1);
            line.Insert(_column++, rune.ToString());
        }
    }

    private void NextLine()
    {
        _column = 0;
        if (++_row == _lines.Count)
            _lines.Add(new StringBuilder());
    }

    private void Cut(int row, int column)
    {
        if (_lines[row].Length > column)
            _lines[row].Length = column;
    }

    [GeneratedRegex("\e\\[\\??(?<number>[0-9;]*)(?<code>[A-Za-z])|\n|[^\e\n]+")]
    private static partial Regex Piece();
}
