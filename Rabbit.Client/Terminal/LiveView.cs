using Rabbit.Client.Output;
using Rabbit.Client.Status;

namespace Rabbit.Client.Terminal;

/// <summary>The tunnels as they are now, under what has happened.</summary>
internal sealed class LiveView(TunnelList tunnels, TerminalStyle style, TimeProvider time) : IBlock
{
    private readonly InPlaceBlock _block = new();

    /// <inheritdoc/>
    public void Forget() => _block.Forget();

    /// <inheritdoc/>
    public string Draw(IReadOnlyList<string> linesAbove)
    {
        var (width, height) = TerminalWindow.Size;
        return _block.Draw(linesAbove, Render(tunnels.Snapshot(), width, height - 1), width);
    }

    private List<string> Render(IReadOnlyList<TunnelSnapshot> shown, int width, int height) => shown switch
    {
        [] => [],
        [{ Name: null } only] => [.. TunnelCard.Render(only, time.GetUtcNow(), style, width).Take(height)],
        _ => TunnelTable.Render(shown, time.GetUtcNow(), style, width, height),
    };
}
