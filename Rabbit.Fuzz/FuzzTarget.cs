namespace Rabbit.Fuzz;

/// <summary>A parser of bytes from the network, with what must hold whatever they are.</summary>
/// <param name="Name">As typed.</param>
/// <param name="Run">Parses an input; throws when something does not hold.</param>
internal sealed record FuzzTarget(string Name, Action<byte[]> Run)
{
    /// <summary>Every target.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("frames", Targets.Frames.Run),
        new("lines", Targets.Lines.Run),
        new("detection", Targets.Detection.Run),
        new("visitors", Targets.Visitors.Run),
        new("proxy", Targets.Proxy.Run),
        new("journal", Targets.Journal.Run),
        new("texts", Targets.Texts.Run),
    ];
}
