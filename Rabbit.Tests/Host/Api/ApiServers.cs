using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Api;

/// <summary>One server on each database for all tests of the API, which make teams of their own.</summary>
public sealed class ApiServers : IAsyncLifetime
{
    private readonly Dictionary<Engine, ApiServer> _servers = [];

    internal ApiServer this[Engine engine] => _servers[engine];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        foreach (Engine engine in Enum.GetValues<Engine>())
            _servers[engine] = await ApiServer.StartAsync(engine);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ApiServer server in _servers.Values)
            await server.DisposeAsync();
    }
}
