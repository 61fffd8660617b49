namespace Rabbit.Persistence.Management;

/// <summary>A part of a list.</summary>
/// <param name="Items">In the order of the list, up to as many as were asked for.</param>
/// <param name="Next">Leads to the next page, or is null when this is the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
