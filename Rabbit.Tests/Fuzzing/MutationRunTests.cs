using Rabbit.Fuzz;
using Rabbit.Fuzz.Mutation;
using Xunit;

namespace Rabbit.Tests.Fuzzing;

/// <summary>The runs find what is wrong, and again when they are repeated.</summary>
public sealed class MutationRunTests
{
    private static readonly byte[][] Corpus = [[.. "GET / HTTP/1.1\r\n"u8], [1, 2, 3], [.. "RBT"u8, 2, 0, 0, 0, 1, 9, 0]];

    [Fact]
    public void Run_ParserBreaksOnSomeInputs_EndsWithTheInput()
    {
        byte[]? broken = null;
        var target = new FuzzTarget("broken", input =>
        {
            broken = input;
            BrokenException.Unless(input is not [0xFF, ..], "It begins with 255.");
        });
        Assert.False(new MutationRun(target, TimeProvider.System).Run(Corpus, TimeSpan.FromSeconds(30)));
        Assert.Equal(0xFF, broken![0]);
    }

    [Fact]
    public void Run_ParserAllocatesMuch_Ends()
    {
        var target = new FuzzTarget("wasteful", input => GC.KeepAlive(new byte[input.Length > 64 ? 2 * 1024 * 1024 : 64]));
        Assert.False(new MutationRun(target, TimeProvider.System).Run(Corpus, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Next_SameSeed_MakesTheSameInputs()
    {
        Mutator one = new(Corpus, seed: 7), two = new(Corpus, seed: 7);
        for (int i = 0; i < 10_000; i++)
            Assert.Equal(one.Next(), two.Next());
    }
}
