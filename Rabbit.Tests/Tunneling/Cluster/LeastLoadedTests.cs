using Rabbit.Tunneling.Cluster;
using Xunit;

namespace Rabbit.Tests.Tunneling.Cluster;

public sealed class LeastLoadedTests
{
    [Fact]
    public void Next_NodesWithClients_FillsTheEmptiestFirstAndThenAllAlike()
    {
        var nodes = new LeastLoaded([Node("a", 3), Node("b", 0), Node("c", 1)]);
        string[] given = [.. Enumerable.Range(0, 8).Select(_ => nodes.Next())];
        // 0, 1 and 3 clients, and eight more, make four each.
        Assert.Equal([("a:1", 1), ("b:1", 4), ("c:1", 3)], given.CountBy(host => host).Select(pair => (pair.Key, pair.Value)).Order());
        Assert.Equal("b:1", given[0]);
    }

    [Fact]
    public void Next_NobodyNamesAnAddress_IsEmpty()
    {
        Assert.Equal("", new LeastLoaded([Node("a", 0) with { ClientAddress = "" }]).Next());
        Assert.Equal("", new LeastLoaded([]).Next());
    }

    private static ClusterNode Node(string name, int sessions) =>
        new(name, Guid.NewGuid(), "", $"{name}:1", "", "1", DateTimeOffset.UnixEpoch, sessions, 0, IsDraining: false);
}
