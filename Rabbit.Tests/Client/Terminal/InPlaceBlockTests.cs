using Rabbit.Client.Terminal;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Client.Terminal;

public sealed class InPlaceBlockTests
{
    private readonly InPlaceBlock _block = new();
    private readonly TestTerminal _terminal = new(20, 6);

    [Fact]
    public void Draw_Again_ReplacesTheBlockAndKeepsWhatStandsAbove()
    {
        _terminal.Send("$ command\n");
        Draw([], "first", "second");
        Draw(["it happened"], "first", "2nd", "\e[32mthird\e[0m");
        Draw([], "only");
        Assert.Equal(["$ command", "it happened", "only", "", "", ""], Shown());
    }

    [Fact]
    public void Draw_NothingHasChanged_SendsNothing()
    {
        Draw([], "first");
        Assert.Equal("", _block.Draw([], ["first"], 20));
        Assert.NotEqual("", _block.Draw([], ["first"], 19));
    }

    [Fact]
    public void Draw_LinesOverEachOther_AreNeverBlankMeanwhile()
    {
        for (int i = 0; i < 30; i++)
            Draw(i % 3 == 0 ? [$"line {i}"] : [], $"now {i}", $"then {i}");
        Assert.Equal(0, _terminal.Flickers);
        Assert.Equal(["line 24", "line 27", "now 29", "then 29"], Shown().Where(line => line.Length > 0).TakeLast(4));
        Assert.Equal(10, _terminal.Lines.Count(line => line.StartsWith("line", StringComparison.Ordinal)));
    }

    [Fact]
    public void Draw_WindowBecameNarrow_GoesUpOverTheLinesThatItBroke()
    {
        _block.Draw([], ["0123456789012345", "x"], 20);
        // The terminal has laid the first line out anew, on two rows of ten.
        var narrow = new TestTerminal(10, 6);
        narrow.Send("above\n0123456789012345\nx\n");
        narrow.Send(_block.Draw([], ["01234", "y"], 10));
        Assert.Equal(["above", "01234", "y"], narrow.Lines.Where(line => line.Length > 0));
    }

    [Fact]
    public void Draw_TypedByTheUser_IsWrittenOver()
    {
        Draw([], "first");
        _terminal.Send("^C");
        Draw([], "last");
        Assert.Equal(["last"], Shown().Where(line => line.Length > 0));
    }

    [Fact]
    public void Draw_AfterSomethingElseWrote_BeginsBelowIt()
    {
        Draw([], "first", "second");
        _terminal.Send("[1]+  Stopped\n$ fg\n");
        _block.Forget();
        Draw([], "third");
        Assert.Equal(["first", "second", "[1]+  Stopped", "$ fg", "third"], Shown().Where(line => line.Length > 0));
    }

    [Fact]
    public void Draw_NoBlockYet_LeavesALineThatIsBeingTypedAlone() => Assert.Equal("", _block.Draw([], [], 20));

    private void Draw(string[] above, params string[] block) => _terminal.Send(_block.Draw(above, block, 20));

    private IReadOnlyList<string> Shown() => _terminal.Lines;
}
