using System.Net.Sockets;
using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;
using Rabbit.Tests.Protocol.Transport;
using Xunit;

namespace Rabbit.Tests.Protocol.Relay;

/// <summary>Resets at any moment: idle, under load both ways, against a reader that has stopped, in a half-close.</summary>
public sealed class RelayResetTests
{
    private const int Rounds = 60;
    private const int SmallBuffer = 16 * 1024;

    [Theory(Timeout = 120_000)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [Trait("Property", "P33")]
    public async Task RunAsync_ResetAtAnyMoment_ReachesTheOtherEndAsAReset(bool tls, bool byVisitor)
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        for (int round = 0; round < Rounds; round++)
        {
            await using RelayRig rig = await RelayRig.CreateAsync(tls, random.Next(2) * SmallBuffer);
            (RelayEnd first, RelayEnd second) = byVisitor ? (rig.Visitor, rig.Service) : (rig.Service, rig.Visitor);
            Task<RelayOutcome> relay = rig.RunAsync(TestContext.Current.CancellationToken);
            bool flowsToFirst = random.Next(2) == 0, flowsToSecond = random.Next(2) == 0;
            Task<Exception?> toFirst = flowsToFirst ? SendUntilBrokenAsync(second) : Task.FromResult<Exception?>(null);
            Task<Exception?> toSecond = flowsToSecond ? SendUntilBrokenAsync(first) : Task.FromResult<Exception?>(null);
            int moment = random.Next(3) == 0 ? 0 : random.Next(1, 500_000);
            if (moment > 0 && flowsToFirst)
                await first.ReceiveExactlyAsync(moment);
            if (moment > 0 && flowsToSecond)
                await second.ReceiveExactlyAsync(moment);
            if (!flowsToFirst && random.Next(2) == 0)
            {
                await second.ShutdownSendAsync();
                Assert.Empty(await first.ReceiveToEndAsync());
            }

            first.Abort();
            Exception? received = await Record.ExceptionAsync(second.ReceiveToEndAsync);
            // The kernel reports a reset once: to the sender or to the receiver, whoever comes first. After an end both would see others.
            Assert.Contains(SocketError.ConnectionReset, new[] { ErrorOf(received), ErrorOf(await toFirst) });
            Assert.Equal(byVisitor ? RelayOutcome.ABroke : RelayOutcome.BBroke, await relay);
            await toSecond;
        }
    }

    private static async Task<Exception?> SendUntilBrokenAsync(RelayEnd end)
    {
        byte[] chunk = new byte[10_000];
        return await Record.ExceptionAsync(async () =>
        {
            while (true)
                await end.SendAsync(chunk, TestContext.Current.CancellationToken);
        });
    }

    private static SocketError ErrorOf(Exception? e)
    {
        while (e is not null and not SocketException)
            e = e.InnerException;
        return e is SocketException { SocketErrorCode: var error } ? error : SocketError.Success;
    }
}
