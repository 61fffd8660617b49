namespace Rabbit.Persistence.Management;

/// <summary>Who makes a change, for the audit log.</summary>
/// <param name="Name">The key's id and name, or the program that acts by itself.</param>
/// <param name="Address">Where the request came from, or empty.</param>
public sealed record Actor(string Name, string Address)
{
    /// <summary>The server itself.</summary>
    public static Actor Server { get; } = new("server", "");
}
