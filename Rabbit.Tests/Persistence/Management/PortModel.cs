using Rabbit.Persistence.Management;

namespace Rabbit.Tests.Persistence.Management;

/// <summary>What the allocator promises, in a dictionary: for each port its token, or when that was deleted.</summary>
internal sealed class PortModel(TimeProvider time)
{
    private readonly Dictionary<int, (string? Token, DateTimeOffset Since)> _ports = [];

    public PortRange Range { get; set; } = new(1, 1);

    public IReadOnlyList<(string Token, int Port)> Tokens => [.. _ports.Where(port => port.Value.Token is not null)
        .Select(port => (port.Value.Token!, port.Key)).OrderBy(token => token.Key)];

    /// <summary>The lowest free port of the range, or null.</summary>
    public int? LowestFree()
    {
        for (int port = Range.First; port <= Range.Last; port++)
        {
            if (IsFree(port))
                return port;
        }
        return null;
    }

    /// <summary>Neither taken nor resting.</summary>
    public bool IsFree(int port) => !_ports.TryGetValue(port, out var held)
        || (held.Token is null && time.GetUtcNow() - held.Since >= TimeSpan.FromHours(24));

    public void Take(int port, string token) => _ports[port] = (token, time.GetUtcNow());

    public void Release(int port) => _ports[port] = (null, time.GetUtcNow());
}
