using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>One server for the tests of a class that leave it as it was; each takes a token of its own.</summary>
public sealed class RunningServer : IAsyncLifetime
{
    internal Installation Installation { get; private set; } = null!;

    internal RabbitProcess Server { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Installation = await Installation.CreateAsync();
        Server = await Installation.StartAsync();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Installation.DisposeAsync();
}
