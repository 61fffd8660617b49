using Xunit;

namespace Rabbit.Tests.Packages;

/// <summary>Tests that build the programs anew: one after the other, and beside no others, whose patience they would try.</summary>
[CollectionDefinition(nameof(WholeBuilds), DisableParallelization = true)]
public sealed class WholeBuilds;
