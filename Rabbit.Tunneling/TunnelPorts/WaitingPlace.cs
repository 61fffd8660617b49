using System.Diagnostics.CodeAnalysis;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>A visitor's place in a <see cref="WaitingLine"/>; its own from joining to <see cref="Leave"/>.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing to free.")]
internal sealed class WaitingPlace(WaitingLine line, ulong number)
{
    private bool _hasLeft;

    /// <summary>The visitor's number, by which the line is ordered.</summary>
    public ulong Number => number;

    /// <summary>Cancelled when it may go to the client.</summary>
    public CancellationToken Released => Turn.Token;

    /// <summary>What the line cancels to let it go, this time; the line's own.</summary>
    internal CancellationTokenSource Turn { get; private set; } = new();

    /// <summary>True while it has asked for a channel and is not served; the line's own.</summary>
    internal bool IsOpening { get; set; }

    /// <summary>It has asked for its channel: the next one may.</summary>
    public void Asked() => line.Asked(this);

    /// <summary>It lost the client again, and waits on.</summary>
    public void Return() => line.Return(this);

    /// <summary>It waits no longer; true the first time.</summary>
    public bool Leave()
    {
        if (_hasLeft)
            return false;
        _hasLeft = true;
        line.Leave(this);
        return true;
    }

    // Also when its turn had come and it did not know yet: that one is over.
    internal void Renew() => Turn = new CancellationTokenSource();
}
