namespace Rabbit.Faults.Rows;

/// <summary>One fault, and what has to hold under it.</summary>
internal abstract class FaultRow
{
    /// <summary>All rows, in the order of docs/reliability.md.</summary>
    public static IReadOnlyList<FaultRow> All { get; } =
    [
        new ServerKilled(), new ClientKilled(), new ClientStopped(), new StoresFail(), new DiskFull(), new Partition(), new BadNetwork(),
        new UnsteadyNetwork(), new ClockShifted(), new Upgrade(), new Terminated(), new DescriptorsExhausted(),
    ];

    /// <summary>Its name on the command line.</summary>
    public abstract string Name { get; }

    /// <summary>What it does.</summary>
    public abstract string Fault { get; }

    /// <summary>Does it, and notes what it found.</summary>
    public abstract Task RunAsync(RowRun run);
}
