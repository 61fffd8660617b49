using Rabbit.Faults.Load;
using Xunit;

namespace Rabbit.Tests.Faults;

/// <summary>A wrong byte is seen, whichever way it is wrong.</summary>
public sealed class ContentCheckTests
{
    private const ulong Seed = 7UL << 32;

    [Fact]
    public void Add_TheStreamInAnyPieces_HashesIt()
    {
        byte[] stream = Content.Make(Seed, 100_003);
        using var check = new ContentCheck(Seed);
        var random = new Random(1);
        for (int at = 0; at < stream.Length;)
        {
            int count = Math.Min(random.Next(1, 5000), stream.Length - at);
            check.Add(stream.AsSpan(at, count));
            at += count;
        }
        Assert.Equal(stream.Length, check.Count);
        Assert.Equal(ContentCheck.HashOf(Seed, stream.Length), check.Hash);
    }

    [Theory]
    [InlineData("changed")]
    [InlineData("lost")]
    [InlineData("doubled")]
    [InlineData("another's")]
    public void Add_OneByteWrong_IsCorrupt(string how)
    {
        const int At = 4321;
        List<byte> stream = [.. Content.Make(how == "another's" ? Content.SeedOf(1, 2, true) : Seed, 10_000)];
        switch (how)
        {
            case "changed":
                stream[At] ^= 1;
                break;
            case "lost":
                stream.RemoveAt(At);
                break;
            case "doubled":
                stream.Insert(At, stream[At]);
                break;
        }
        using var check = new ContentCheck(Seed);
        Assert.Throws<CorruptException>(() => check.Add([.. stream]));
    }

    [Fact]
    public void SeedOf_ServiceVisitorAndDirection_AreAllDifferent()
    {
        ulong[] seeds = [.. from service in Enumerable.Range(1, 20) from visitor in Enumerable.Range(1, 500) from way in (bool[])[true, false] select Content.SeedOf(service, visitor, way)];
        Assert.Distinct(seeds);
    }
}
