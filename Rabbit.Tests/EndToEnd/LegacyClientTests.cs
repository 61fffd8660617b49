using System.Net.Sockets;
using System.Text;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>An unmodified client of the legacy line protocol.</summary>
public sealed class LegacyClientTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private int ControlPort => running.Server.ControlPort;

    [Fact]
    [Trait("Property", "P28")]
    [Trait("Property", "P30")]
    public async Task Login_CutAtEveryByte_Works()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        int length = $"{token.Text}\n3000\n".Length;
        for (int cut = 1; cut < length; cut++)
            await LoginAndServeAsync(token, [cut]);
        await LoginAndServeAsync(token, [.. Enumerable.Range(1, length - 1)]);
    }

    [Fact]
    [Trait("Property", "P30")]
    public async Task DataLine_CutAtEveryByteAndJoinedWithTheFirstBytes_LosesNothing()
    {
        const string FirstWords = "220 ready\r\n";
        TestToken token = await running.Server.CreateTokenAsync();
        await using LegacyPeer peer = await LegacyPeer.LoginAsync(ControlPort, token, localPort: 3000);
        int length = "DATA:\n".Length + 32 + FirstWords.Length;
        for (int cut = 0; cut < length; cut++)
        {
            using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
            await visitor.SendAllAsync("HELO");
            string id = await peer.NextVisitorAsync();
            using Socket channel = await LegacyPeer.OpenChannelAsync(ControlPort, id, FirstWords, cut == 0 ? [] : [cut]);
            Assert.Equal(FirstWords, Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(FirstWords.Length)));
            Assert.Equal("HELO", Encoding.ASCII.GetString(await channel.ReadExactlyAsync(4)));
        }
    }

    [Fact]
    [Trait("Property", "P28")]
    public async Task Connect_ManyTimes_EachBehavesAsTheFirst()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        for (int time = 0; time < 5; time++)
        {
            await using LegacyPeer peer = await LegacyPeer.LoginAsync(ControlPort, token, localPort: 3000);
            Assert.Equal(token.Port, peer.TunnelPort);
            await ServeOneAsync(peer, token);
            await peer.SayDisconnectAsync();
            Assert.Null(await peer.ReadLineAsync());
            Assert.Equal("offline", await running.Server.Api.WaitForStateAsync(token.Port, "offline", Soon));
        }
        List<SessionRow> sessions = await Eventually.BecomesAsync(
            () => running.Installation.SessionsAsync(token.Port), rows => rows.Count == 5 && rows.All(row => row.EndedAt is not null), Soon,
            "five sessions, each ended");
        Assert.All(sessions, row => Assert.Equal("client disconnected", row.EndReason));
    }

    [Fact]
    [Trait("Property", "P06")]
    public async Task DataLine_UsedIdOrInventedOne_IsRefused()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        await using LegacyPeer peer = await LegacyPeer.LoginAsync(ControlPort, token, localPort: 3000);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("secret");
        string id = await peer.NextVisitorAsync();
        Assert.Equal(32, id.Length);

        Assert.Equal("ERROR:no visitor waits for this connection id", await LegacyPeer.AskAsync(ControlPort, $"DATA:{Guid.NewGuid():N}\n"));
        using Socket channel = await LegacyPeer.OpenChannelAsync(ControlPort, id);
        Assert.Equal("secret", Encoding.ASCII.GetString(await channel.ReadExactlyAsync(6)));
        Assert.Equal("ERROR:no visitor waits for this connection id", await LegacyPeer.AskAsync(ControlPort, $"DATA:{id}\n"));
        await channel.SendAllAsync("answer");
        Assert.Equal("answer", Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(6)));
    }

    [Theory]
    [InlineData("not a token\n3000\n")]
    [InlineData("rbt_aaaaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n3000\n")]
    [InlineData("delete_port_21000\n\n")]
    public async Task Login_WrongToken_IsToldSo(string lines)
    {
        string? answer = await LegacyPeer.AskAsync(ControlPort, lines);
        Assert.StartsWith("ERROR:", answer, StringComparison.Ordinal);
    }

    private async Task LoginAndServeAsync(TestToken token, int[] cuts)
    {
        await using LegacyPeer peer = await LegacyPeer.LoginAsync(ControlPort, token, localPort: 3000, cuts);
        Assert.Equal(token.Port, peer.TunnelPort);
        await ServeOneAsync(peer, token);
    }

    private async Task ServeOneAsync(LegacyPeer peer, TestToken token)
    {
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("ping");
        using Socket channel = await LegacyPeer.OpenChannelAsync(ControlPort, await peer.NextVisitorAsync(), "pong");
        Assert.Equal("pong", Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(4)));
        Assert.Equal("ping", Encoding.ASCII.GetString(await channel.ReadExactlyAsync(4)));
    }
}
