namespace Rabbit.Faults.Network;

/// <summary>How a line is.</summary>
internal sealed record LineState
{
    /// <summary>Each way.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Bytes in each packet; null leaves them as they come.</summary>
    public int? Slice { get; init; }

    /// <summary>What is sent there is lost.</summary>
    public bool LosesThere { get; init; }

    /// <summary>What comes back is lost.</summary>
    public bool LosesBack { get; init; }

    /// <summary>Completes when bytes may move; until then they stand still.</summary>
    public Task Moving { get; init; } = Task.CompletedTask;
}
