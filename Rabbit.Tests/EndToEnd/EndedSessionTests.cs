using System.Net.Sockets;
using System.Text.Json;
using Rabbit.Persistence.Model;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>
/// What a client may still send after its session was ended from outside: nothing of it has an effect, on its old control channel, on
/// data channels that it had ready, or with the secret that it knows.
/// </summary>
[Trait("Property", "P16")]
public sealed class EndedSessionTests(HostilePeerTests.ImpatientServer running) : IClassFixture<HostilePeerTests.ImpatientServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private static readonly string[] Elsewhere = ["10.0.0.0/8"];

    public enum Ending
    {
        Deleted,
        Expired,
        NetworkTakenAway,
        Rotated,
        Closed,
        TakenOver,
    }

    private RabbitProcess Server => running.Server;

    [Theory]
    [InlineData(Ending.Deleted)]
    [InlineData(Ending.Expired)]
    [InlineData(Ending.NetworkTakenAway)]
    [InlineData(Ending.Rotated)]
    [InlineData(Ending.Closed)]
    [InlineData(Ending.TakenOver)]
    public async Task FramesAndChannels_OfAnEndedSession_HaveNoEffect(Ending ending)
    {
        TestToken token = await Server.CreateTokenAsync();
        using NativePeer old = await NativePeer.LoginAsync(Server.ControlPort, token);
        // One in a visitor's hands and two that wait in the pool.
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        using NativePeer busy = await NativePeer.OpenChannelAsync(Server.ControlPort, old.Hello);
        await busy.AcceptAsync();
        using NativePeer ready = await NativePeer.OpenChannelAsync(Server.ControlPort, old.Hello);
        using NativePeer alsoReady = await NativePeer.OpenChannelAsync(Server.ControlPort, old.Hello);

        using NativePeer? winner = await EndAsync(token, ending);
        await old.ReadUntilAsync<GoAway>();
        string before = await StateAsync(token);

        foreach (byte[] frame in EveryFrame(old.Hello))
            await TrySendAsync(old, frame);
        foreach (NativePeer channel in new[] { ready, alsoReady })
        {
            await TrySendAsync(channel, Frame.Encode(default(Accepted)));
            await TrySendAsync(channel, "bytes for a visitor"u8.ToArray());
        }
        using (NativePeer late = await NativePeer.OpenChannelAsync(Server.ControlPort, old.Hello))
        {
            // Refused, or closed with what is left of its session: never started.
            Frame? answer = await late.ReadOrEndAsync();
            Assert.True(answer is null || answer.Value.Read<Reject>().Code == RejectCode.InvalidChannel);
        }

        if (ending is not (Ending.TakenOver or Ending.Rotated or Ending.Closed))
            await visitor.EndsWithResetAsync(Soon);
        Assert.Equal(before, await StateAsync(token));
        await AssertNextVisitorAsync(token, winner);
        Assert.Equal(before, await StateAsync(token));
    }

    // What ends it; the client that has taken over, if one has.
    private async Task<NativePeer?> EndAsync(TestToken token, Ending ending)
    {
        string route = $"tokens/{token.Id}";
        switch (ending)
        {
            case Ending.Deleted: await Server.Api.DeleteTokenAsync(token); break;
            case Ending.Expired: await Server.Api.SendAsync(HttpMethod.Patch, route, new { expires_at = TimeProvider.System.GetUtcNow().AddSeconds(2) }); break;
            case Ending.NetworkTakenAway: await Server.Api.SendAsync(HttpMethod.Patch, route, new { client_networks = Elsewhere }); break;
            case Ending.Rotated: await Server.Api.SendAsync(HttpMethod.Post, $"{route}/rotate", new { overlap_seconds = 0 }); break;
            case Ending.Closed:
                JsonElement tunnel = (await Server.Api.FindTunnelAsync(token.Port))!.Value;
                await Server.Api.SendAsync(HttpMethod.Post, $"sessions/{tunnel.GetProperty("session_id").GetGuid()}/close", new { reason = "test" });
                break;
            case Ending.TakenOver: return await NativePeer.LoginAsync(Server.ControlPort, token);
        }
        return null;
    }

    private async Task AssertNextVisitorAsync(TestToken token, NativePeer? winner)
    {
        Socket next;
        try
        {
            next = await SocketConversation.ConnectAsync(token.Port);
        }
        catch (SocketException)
        {
            return; // The port is closed, which is right for a token that is no longer good.
        }
        using (next)
        {
            await next.SendAllAsync("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
            if (winner is null)
            {
                Assert.StartsWith("HTTP/1.1 503 ", System.Text.Encoding.ASCII.GetString(await next.ReadToEndAsync()), StringComparison.Ordinal);
                return;
            }
            using NativePeer channel = await NativePeer.OpenChannelAsync(Server.ControlPort, winner.Hello);
            await channel.AcceptAsync();
        }
    }

    private static IEnumerable<byte[]> EveryFrame(ServerHello hello)
    {
        yield return Frame.Encode(new Pong(1));
        yield return Frame.Encode(new Ping(2));
        yield return Frame.Encode(new OpenFailed(1, "none"));
        yield return Frame.Encode(new DataHello(hello.SessionId, hello.ChannelSecret));
        yield return Frame.Encode(default(Accepted));
        yield return Frame.Encode(new Disconnect("bye"));
        for (int type = 0; type <= byte.MaxValue; type++)
            yield return [0, 0, 0, 0, (byte)type];
    }

    private static async Task TrySendAsync(NativePeer peer, byte[] bytes)
    {
        try
        {
            await peer.SendAsync(bytes);
        }
        catch (SocketException)
        {
            // The server has closed it already.
        }
    }

    // Of the tunnel and of the rows of its sessions: who has it, since when, and how it ended.
    private async Task<string> StateAsync(TestToken token)
    {
        JsonElement? tunnel = await Server.Api.FindTunnelAsync(token.Port);
        List<SessionRow> rows = await running.Installation.SessionsAsync(token.Port);
        return $"{tunnel?.GetProperty("state")} {tunnel?.GetProperty("session_id")} {tunnel?.GetProperty("epoch")} | "
            + string.Join(", ", rows.Select(row => $"{row.Id} {row.Epoch}"));
    }
}
