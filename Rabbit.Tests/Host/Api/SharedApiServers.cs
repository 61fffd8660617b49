using Xunit;

namespace Rabbit.Tests.Host.Api;

/// <summary>The tests that share <see cref="ApiServers"/>.</summary>
[CollectionDefinition]
public sealed class SharedApiServers : ICollectionFixture<ApiServers>;
