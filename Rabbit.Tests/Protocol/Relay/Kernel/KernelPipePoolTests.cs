using System.Runtime.Versioning;
using System.Security.Cryptography;
using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Relay.Kernel;
using Rabbit.Tests.Protocol.Transport;
using Xunit;

namespace Rabbit.Tests.Protocol.Relay.Kernel;

/// <summary>Alone, since the pool of the process is shared by every relay in it.</summary>
[Collection(nameof(KernelPipePoolTests))]
[CollectionDefinition(nameof(KernelPipePoolTests), DisableParallelization = true)]
[SupportedOSPlatform("linux")]
public sealed class KernelPipePoolTests
{
    private const int Timeout = 60_000;

    [Fact]
    public void TryLease_BeyondTheLimit_IsNullUntilOneIsReturned()
    {
        var pool = new KernelPipePool();
        List<KernelPipe> leased = Lease(pool);
        Assert.Equal((leased.Count, leased.Count), (pool.Count, pool.InUse));
        Assert.InRange(leased.Count, 1, KernelPipePool.Limit);

        pool.Return(leased[0]);
        Assert.Same(leased[0], pool.TryLease());
        Assert.Null(pool.TryLease());
        Discard(pool, leased);
    }

    [Fact]
    public async Task Return_PipeThatHoldsBytes_IsClosedAndNotGivenToAnother()
    {
        var pool = new KernelPipePool();
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        KernelPipe pipe = pool.TryLease()!;
        await pair.Near.SendAsync(new byte[100], TestContext.Current.CancellationToken);
        Assert.True(pair.Far.Poll(TimeSpan.FromSeconds(10), System.Net.Sockets.SelectMode.SelectRead));
        Assert.Equal(100, pipe.FillFrom((int)pair.Far.Handle));
        Assert.Equal(100, pipe.Held);

        pool.Return(pipe);
        Assert.Equal((0, 0), (pool.Count, pool.InUse));
        KernelPipe next = pool.TryLease()!;
        Assert.NotSame(pipe, next);
        Discard(pool, [next]);
    }

    [Fact(Timeout = Timeout)]
    public async Task Relay_NoPipeToBeHad_CopiesEveryByte()
    {
        List<KernelPipe> all = Lease(KernelPipePool.Shared);
        try
        {
            Assert.NotEmpty(all);
            await TransferAsync(20_000_000, TestContext.Current.CancellationToken);
        }
        finally
        {
            all.ForEach(KernelPipePool.Shared.Return);
        }
    }

    [Fact(Timeout = Timeout)]
    public async Task Relay_IdleAfterMuchTraffic_HoldsNoPipe()
    {
        var rigs = new List<RelayRig>();
        var relays = new List<Task<RelayOutcome>>();
        for (int i = 0; i < 20; i++)
        {
            RelayRig rig = await RelayRig.CreateAsync(tls: false);
            rigs.Add(rig);
            relays.Add(rig.RunAsync(TestContext.Current.CancellationToken));
            Task sending = rig.Visitor.SendAsync(new byte[1_000_000], TestContext.Current.CancellationToken).AsTask();
            await rig.Service.ReceiveExactlyAsync(1_000_000);
            await sending;
        }
        // A lane gives its pipe back just after the last byte has left it.
        while (KernelPipePool.Shared.InUse > 0)
            await Task.Yield();
        Assert.All(relays, relay => Assert.False(relay.IsCompleted));
        Assert.InRange(KernelPipePool.Shared.Count, 1, KernelPipePool.Limit);
        foreach (RelayRig rig in rigs)
            await rig.DisposeAsync();
        await Task.WhenAll(relays);
    }

    private static async Task TransferAsync(int length, CancellationToken cancellationToken)
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls: false);
        Task<RelayOutcome> relay = rig.RunAsync(cancellationToken);
        byte[] bytes = RandomNumberGenerator.GetBytes(length);
        Task sending = SendAsync();
        Assert.Equal(bytes, await rig.Service.ReceiveToEndAsync());
        await sending;
        await rig.Service.ShutdownSendAsync();
        Assert.Equal(RelayOutcome.Completed, await relay);

        async Task SendAsync()
        {
            await rig.Visitor.SendAsync(bytes, cancellationToken);
            await rig.Visitor.ShutdownSendAsync();
        }
    }

    private static List<KernelPipe> Lease(KernelPipePool pool)
    {
        var leased = new List<KernelPipe>();
        while (pool.TryLease() is { } pipe)
            leased.Add(pipe);
        return leased;
    }

    private static void Discard(KernelPipePool pool, List<KernelPipe> leased)
    {
        Assert.Equal(leased.Count, pool.Count);
        leased.ForEach(pipe => pipe.Dispose());
    }
}
