using System.Text;
using System.Text.RegularExpressions;

namespace Rabbit.Client.Terminal;

/// <summary>
/// Keeps some lines at the bottom of what a terminal shows (ECMA-48). Each change is one write: up to the first of them, then line by line over
/// what was there, so that nothing is blank meanwhile. The cursor rests below, and no mode of the terminal is changed, so that there is
/// nothing to restore however the program ends.
/// </summary>
internal sealed partial class InPlaceBlock
{
    // Synchronized output: terminals that know it show all of a write at once, others skip it.
    private const string Begin = "\e[?2026h";
    private const string End = "\e[?2026l";
    private const string EndOfLine = "\e[K\n";
    private const string EndOfScreen = "\e[J";

    private IReadOnlyList<string> _shown = [];
    private int _width;
    private volatile bool _isForgotten;

    /// <summary>Something else has been written meanwhile, as after the program was suspended: the next block begins where the cursor is. From any thread.</summary>
    public void Forget() => _isForgotten = true;

    /// <param name="linesAbove">Written above the block, and left there.</param>
    /// <param name="block">No line wider than the window.</param>
    /// <param name="width">The window's.</param>
    /// <returns>What to send, or nothing where it is all there.</returns>
    public string Draw(IReadOnlyList<string> linesAbove, IReadOnlyList<string> block, int width)
    {
        if (_isForgotten)
        {
            _isForgotten = false;
            (_shown, _width) = ([], 0);
        }
        if (linesAbove.Count == 0 && block.SequenceEqual(_shown) && (width == _width || block.Count == 0))
            return "";
        // A window that has become narrower has broken the lines that were there.
        int up = _shown.Sum(line => Math.Max(1, (CellText.Width(Codes().Replace(line, "")) + width - 1) / width));
        var text = new StringBuilder(Begin);
        text.Append(up > 0 ? $"\e[{up}F" : "\e[G");
        foreach (string line in linesAbove.Concat(block))
            text.Append(line).Append(EndOfLine);
        text.Append(EndOfScreen).Append(End);
        (_shown, _width) = ([.. block], width);
        return text.ToString();
    }

    [GeneratedRegex("\e\\[[0-9;]*m")]
    private static partial Regex Codes();
}
