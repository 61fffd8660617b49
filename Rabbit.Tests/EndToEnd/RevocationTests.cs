using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>A token is deleted on one server; its client is connected to another on the same database.</summary>
[Trait("Property", "P09")]
public sealed class RevocationTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(RedisState.Up)]
    [InlineData(RedisState.CutOff)]
    [InlineData(RedisState.BackAgain)]
    public async Task TokenDeletedOnAnotherServer_EndsControlAndDataChannelsWithinTwoSeconds(RedisState state)
    {
        await using var redis = new Gate(IPEndPoint.Parse(TestServers.Redis));
        await using Installation a = await Installation.CreateAsync(TestServers.Postgres, $"127.0.0.1:{redis.Port}");
        await using LocalService service = LocalService.Echo();
        RabbitProcess serverA = await a.StartAsync();
        await using Installation b = a.Beside($"127.0.0.1:{redis.Port}");
        RabbitProcess serverB = await b.StartAsync();
        TestToken token = await serverB.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(serverA, token, service.Port);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("?");
        await visitor.ReadExactlyAsync(1);
        if (state != RedisState.Up)
            redis.Shut();
        if (state == RedisState.BackAgain)
            redis.Open();

        await serverB.Api.DeleteTokenAsync(token);
        long deleted = Stopwatch.GetTimestamp();
        Assert.True(await visitor.EndsWithResetAsync());
        // A little is this test's own: two servers, a client and a database share two processors with other tests.
        Assert.InRange(Stopwatch.GetElapsedTime(deleted), TimeSpan.Zero, Bound + TimeSpan.FromSeconds(1));
        await client.Process.WaitForLineAsync("revoked", Soon);
        await serverA.Api.WaitForStateAsync(token.Port, "unknown", Soon);
        using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var refused = await Assert.ThrowsAsync<SocketException>(async () => await late.ConnectAsync(IPAddress.Loopback, token.Port, Cancellation));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    /// <summary>What Redis is like when the token is deleted.</summary>
    public enum RedisState
    {
        Up,
        CutOff,
        BackAgain,
    }
}
