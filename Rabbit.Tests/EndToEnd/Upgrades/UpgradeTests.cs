using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Upgrades;

/// <summary>One server takes over from another: what becomes of both when something is wrong.</summary>
public sealed class UpgradeTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task Takeover_SuccessorFails_TheOldServerServesOn(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        RabbitProcess server = await installation.StartAsync();
        await using SteadyVisitors visitors = await SteadyVisitors.BeginAsync(server, each: 1);
        await visitors.SeeMoreAsync(20);

        // Killed while it starts.
        RabbitProcess killed = installation.LaunchSuccessor();
        await server.Process.WaitForLineAsync("A new server process asks for the ports", Soon);
        await killed.Process.Kill9Async();
        await server.Process.WaitForLineAsync("this one goes on as before", Soon);
        await visitors.SeeMoreAsync(20);

        // At the last step, when it has everything else.
        int mark = server.Process.Mark;
        RabbitProcess foreign = installation.LaunchSuccessor(("RABBIT_API_BIND", "192.0.2.1"));
        Assert.Equal(1, await foreign.Process.WaitForExitAsync(Soon));
        Assert.Contains("is not an address of this machine", Assert.Single(foreign.Process.ErrorLines), StringComparison.Ordinal);
        await server.Process.WaitForLineAsync("this one goes on as before", Soon, mark);

        // A wrong setting, of which the server that runs does not even hear.
        RabbitProcess wrong = installation.LaunchSuccessor(("RABBIT_DRAIN_LIMIT", "soon"));
        Assert.Equal(2, await wrong.Process.WaitForExitAsync(Soon));

        // A database that is not as the successor expects: a table that it would make is there.
        await FailsAsync("DELETE FROM \"__EFMigrationsHistory\" WHERE \"MigrationId\" LIKE '%_Initial'", "already exists");
        // Migrations that change what the running server works with.
        await FailsAsync("DELETE FROM \"__EFMigrationsHistory\"", "changes tables that the running server works with");

        // All is as before: visitors, what is written, and the sessions.
        await visitors.SeeMoreAsync(20);
        TestToken another = await server.CreateTokenAsync();
        using (await NativePeer.LoginAsync(server.ControlPort, another))
            await server.Api.WaitForStateAsync(another.Port, "live", Soon);
        await visitors.EndAsync();
        await visitors.AssertRowsAsync(installation);
        Assert.Equal(SessionStatus.Active, Assert.Single(await installation.SessionsAsync(visitors.Echo.Port)).Status);

        async Task FailsAsync(string statement, string reason)
        {
            mark = server.Process.Mark;
            await using (RabbitDbContext database = installation.OpenDatabaseToWrite())
                await database.Database.ExecuteSqlRawAsync(statement, Cancellation);
            RabbitProcess astray = installation.LaunchSuccessor();
            Assert.Equal(1, await astray.Process.WaitForExitAsync(Soon));
            Assert.Contains(reason, Assert.Single(astray.Process.ErrorLines), StringComparison.Ordinal);
            await server.Process.WaitForLineAsync("this one goes on as before", Soon, mark);
        }
    }

    [Fact]
    public async Task Takeover_WithoutARunningServer_SaysSo()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess alone = installation.LaunchSuccessor();
        Assert.Equal(1, await alone.Process.WaitForExitAsync(Soon));
        Assert.Contains("No server that could be taken over from runs on the data directory", Assert.Single(alone.Process.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P33")]
    public async Task Takeover_OldServerKilledWithItsLastStreams_TheirRowsAreClosedWithTheirBytes(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        using Socket stream = await SocketConversation.ConnectAsync(token.Port);
        await EchoAsync(stream, 100);

        int mark = client.Process.Mark;
        await installation.TakeOverAsync();
        await client.WaitUntilBackAsync(mark);
        await EchoAsync(stream, 1000);
        // Visible while it runs in the old server, to which the database is closed.
        await Eventually.BecomesAsync(
            () => installation.VisitsAsync(token.Port), rows => rows is [{ Status: ConnectionStatus.Active, BytesToVisitor: 1100 }], Soon, "its bytes are on record");
        await server.Process.Kill9Async();
        await stream.EndsWithResetAsync(Soon);
        ConnectionLogRow row = Assert.Single(await Eventually.BecomesAsync(
            () => installation.VisitsAsync(token.Port), rows => rows is [{ Status: not ConnectionStatus.Active }], Soon, "its row is closed"));
        Assert.Equal((ConnectionStatus.Error, "server stopped", 1100, 1100), (row.Status, row.Reason, row.BytesFromVisitor, row.BytesToVisitor));
        using Socket next = await SocketConversation.ConnectAsync(token.Port);
        await EchoAsync(next, 10);
    }

    [Fact]
    [Trait("Property", "P09")]
    [Trait("Property", "P34")]
    public async Task Takeover_TokenRevokedAndOldServerTerminated_BothReachTheStreamsThatAreLeft()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync(("RABBIT_DRAIN_LIMIT", "00:00:02"));
        TestToken revoked = await server.CreateTokenAsync();
        TestToken valid = await server.CreateTokenAsync();
        await using TunnelClientProcess first = await TunnelClientProcess.ConnectAsync(server, revoked, service.Port);
        await using TunnelClientProcess second = await TunnelClientProcess.ConnectAsync(server, valid, service.Port);
        using Socket ended = await SocketConversation.ConnectAsync(revoked.Port);
        using Socket stays = await SocketConversation.ConnectAsync(valid.Port);
        await EchoAsync(ended, 10);
        await EchoAsync(stays, 10);

        RabbitProcess successor = await installation.TakeOverAsync();
        await successor.Api.DeleteTokenAsync(revoked);
        await ended.EndsWithResetAsync(TimeSpan.FromSeconds(10));
        await EchoAsync(stays, 10);
        Assert.False(server.Process.HasExited);

        long began = TimeProvider.System.GetTimestamp();
        server.Process.Send(Signal.Term);
        Assert.Equal(0, await server.Process.WaitForExitAsync(Soon));
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 1.5, 4.5);
        Assert.True(await stays.EndsWithResetAsync(Soon));
    }

    private static async Task EchoAsync(Socket socket, int bytes)
    {
        await socket.SendAllAsync(new byte[bytes], Cancellation);
        await socket.ReadExactlyAsync(bytes, Soon);
    }
}
