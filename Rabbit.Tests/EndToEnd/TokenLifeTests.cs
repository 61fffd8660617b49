using System.Net;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Rabbit.Persistence.Model;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Tokens that are deleted, expire, or cannot be looked up; and those who race for ports.</summary>
public sealed class TokenLifeTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P09")]
    public async Task Token_Deleted_EndsControlAndDataChannelsWithinTwoSeconds(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("?");
        await visitor.ReadExactlyAsync(1);

        long started = TimeProvider.System.GetTimestamp();
        await server.Api.DeleteTokenAsync(token);
        await visitor.EndsWithResetAsync(TimeSpan.FromSeconds(2));
        int status = await client.Process.WaitForExitAsync(TimeSpan.FromSeconds(5));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0, 2.5);
        Assert.True(status == 1, client.Process.Transcript());
        await Assert.ThrowsAsync<SocketException>(() => SocketConversation.ConnectAsync(token.Port));
        using NativePeer again = await NativePeer.ConnectAsync(server.ControlPort);
        await again.SendAsync(NativePeer.HelloOf(token.Text));
        Assert.False((await again.ReadAsync()).Read<Reject>().Retryable);
    }

    [Fact]
    [Trait("Property", "P09")]
    public async Task Token_ExpiresWhileItsClientIsConnected_EndsTheSession()
    {
        await using Installation installation = await Installation.CreateAsync(Engine.PostgresAndRedis);
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await server.CreateTokenAsync();
        await ExpireAsync(installation, token, TimeSpan.FromSeconds(3));
        using NativePeer client = await NativePeer.LoginAsync(server.ControlPort, token);
        Assert.Equal(GoAwayReason.Expired, (await client.ReadUntilAsync<GoAway>()).Reason);
        Assert.Equal(RejectCode.Expired, await RejectionAsync(server, token));
    }

    [Fact]
    [Trait("Property", "P09")]
    public async Task Token_ExpiredWhileTheServerWasDown_IsNeitherRestoredNorAccepted()
    {
        await using Installation installation = await Installation.CreateAsync(Engine.PostgresAndRedis);
        RabbitProcess first = await installation.StartAsync();
        TestToken kept = await first.CreateTokenAsync();
        TestToken expired = await first.CreateTokenAsync();
        using NativePeer one = await NativePeer.LoginAsync(first.ControlPort, kept);
        using NativePeer other = await NativePeer.LoginAsync(first.ControlPort, expired);
        await first.Process.Kill9Async();
        await ExpireAsync(installation, expired, TimeSpan.FromMinutes(-1));

        RabbitProcess second = await installation.StartAsync();
        await second.Process.WaitForLineAsync($"Restored tunnel listener on port {kept.Port} (sessions: 1)", Soon);
        await Assert.ThrowsAsync<SocketException>(() => SocketConversation.ConnectAsync(expired.Port));
        Assert.Equal(RejectCode.Expired, await RejectionAsync(second, expired));
        Assert.NotNull(Assert.Single(await installation.SessionsAsync(expired.Port)).EndedAt);
    }

    [Fact]
    [Trait("Property", "P36")]
    public async Task Login_WhileTheDatabaseHangs_IsToldToComeBack_AndAKnownTokenGetsIn()
    {
        var database = new NpgsqlConnectionStringBuilder(TestServers.Postgres);
        await using var postgres = new Gate(new DnsEndPoint(database.Host!, database.Port));
        await using Installation installation = await Installation.CreateAsync(
            $"Host=127.0.0.1;Port={postgres.Port};Username={database.Username}", TestServers.Redis);
        RabbitProcess server = await installation.StartAsync();
        TestToken known = await server.CreateTokenAsync();
        TestToken unknown = await server.CreateTokenAsync();
        using (await NativePeer.LoginAsync(server.ControlPort, known))
        {
            postgres.Shut();
        }

        using NativePeer stranger = await NativePeer.ConnectAsync(server.ControlPort);
        await stranger.SendAsync(NativePeer.HelloOf(unknown.Text));
        Reject reject = (await stranger.ReadAsync()).Read<Reject>();
        Assert.Equal((RejectCode.Unavailable, true), (reject.Code, reject.Retryable));

        using NativePeer back = await NativePeer.LoginAsync(server.ControlPort, known);
        Assert.Equal(known.Port, back.Hello.TunnelPort);
        postgres.Open();
        await Eventually.BecomesAsync(
            () => installation.SessionsAsync(known.Port), rows => rows is [.., { Status: SessionStatus.Active }], Soon,
            "the session that began during the outage is on record");
        using NativePeer welcome = await NativePeer.LoginAsync(server.ControlPort, unknown);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P22")]
    public async Task Tokens_MadeAtTheSameTime_GetDistinctPortsOfTheRangeAndThenNone(Engine engine)
    {
        const int Racers = 24;
        await using Installation installation = await Installation.CreateAsync(engine);
        RabbitProcess server = await installation.StartAsync();
        await server.ReadFirstStepsAsync(); // The first token has taken a port.
        int[] free = [.. Enumerable.Range(installation.FirstTunnelPort + 1, 19)];

        int?[] ports = await Task.WhenAll(Enumerable.Range(0, Racers).Select(_ => TryCreateAsync(server)));
        Assert.Equal(free, ports.OfType<int>().Order());
        Assert.Equal(Racers - free.Length, ports.Count(port => port is null));
    }

    /// <summary>The port of a new token; null when the server says that none is left.</summary>
    private static async Task<int?> TryCreateAsync(RabbitProcess server)
    {
        try
        {
            return (await server.CreateTokenAsync()).Port;
        }
        catch (Xunit.Sdk.TrueException e) when (e.Message.Contains(": 409 ", StringComparison.Ordinal))
        {
            return null;
        }
    }

    private static async Task<RejectCode> RejectionAsync(RabbitProcess server, TestToken token)
    {
        using NativePeer peer = await NativePeer.ConnectAsync(server.ControlPort);
        await peer.SendAsync(NativePeer.HelloOf(token.Text));
        Frame answer = await peer.ReadAsync();
        return answer.Read<Reject>().Code;
    }

    private static async Task ExpireAsync(Installation installation, TestToken token, TimeSpan fromNow)
    {
        await using RabbitDbContext database = installation.OpenDatabase();
        int changed = await database.Database.ExecuteSqlAsync(
            $"UPDATE team_tokens SET expires_at = now() + {fromNow} WHERE id = {token.Id}", TestContext.Current.CancellationToken);
        Assert.Equal(1, changed);
    }
}
