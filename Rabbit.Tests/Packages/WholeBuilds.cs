using Xunit;

namespace Rabbit.Tests.Packages;

/// <summary>Tests that build the programs anew: one after the other, and beside no others, whose patience they would try.</summary>
[CollectionDefinition(nameof(WholeBuilds), DisableParallelization = true)]
public sealed class WholeBuilds
{
    /// <summary>For unshare(1): what a build has started ends with it, however it ends; its mounts are its own.</summary>
    internal static readonly string[] Alone = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
}
