using Microsoft.Extensions.Logging;
using Rabbit.Client.Commands;
using Rabbit.Client.Connection;
using Rabbit.Client.Status;
using Rabbit.Client.Trust;
using Rabbit.Client.Tunnels;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Client.Connection;
using Rabbit.Tests.Persistence;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Client.Tunnels;

public sealed class TunnelSetTests : IDisposable
{
    private readonly TempDirectory _home = new();
    private readonly ScriptedServer _server = new();
    private readonly LogLines _log = new();
    private readonly TunnelList _list = new();

    [Fact]
    public async Task Apply_OtherTunnels_LeavesWhatIsWantedAsItWasAlone()
    {
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
        await using var tunnels = new TunnelSet(new KnownServers(_home.File("known")), _list, TimeProvider.System, loggers);
        TunnelDefinition kept = Tunnel("kept"), changed = Tunnel("changed"), dropped = Tunnel("dropped");

        await tunnels.ApplyAsync([kept]);
        using ScriptedServer.Connection keptControl = (await _server.AcceptLoginAsync()).Control;
        await tunnels.ApplyAsync([kept, changed]);
        using ScriptedServer.Connection before = (await _server.AcceptLoginAsync()).Control;
        await tunnels.ApplyAsync([dropped, kept, changed]);
        using ScriptedServer.Connection droppedControl = (await _server.AcceptLoginAsync()).Control;
        Assert.Equal(["dropped", "kept", "changed"], _list.Snapshot().Select(tunnel => tunnel.Name));

        TunnelDefinition other = changed with { Options = changed.Options with { Name = "other" } };
        await tunnels.ApplyAsync([kept, other]);
        var (after, hello) = await _server.AcceptLoginAsync();
        using (after)
        {
            Assert.Equal(changed.Options.Token.Reveal(), hello.Token);
            Assert.Equal("other", hello.ClientName);
            Assert.Equal(FrameType.Disconnect, (await LastFrameAsync(before)).Type);
            Assert.Equal(FrameType.Disconnect, (await LastFrameAsync(droppedControl)).Type);
            // The one that stayed still answers on the connection that it had.
            await keptControl.SendAsync(new Ping(5));
            Frame frame;
            while ((frame = await keptControl.ReadAsync()).Type != FrameType.Pong)
                Assert.Equal(FrameType.Ping, frame.Type);
            Assert.Equal(["kept", "changed"], _list.Snapshot().Select(tunnel => tunnel.Name));
        }
    }

    [Fact]
    public async Task Apply_TunnelThatFailed_IsTriedAgain_AndTheOthersGoOn()
    {
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
        await using var tunnels = new TunnelSet(new KnownServers(_home.File("known")), _list, TimeProvider.System, loggers);
        TunnelDefinition revoked = Tunnel("revoked");
        Task said = _log.NextAsync("The tunnel has failed for good: The token was revoked.");
        await tunnels.ApplyAsync([revoked]);
        using (ScriptedServer.Connection control = (await _server.AcceptControlAsync()).Control)
            await control.SendAsync(new Reject(RejectCode.Revoked, Retryable: false, TimeSpan.Zero, "The token was revoked."));
        await said.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((TunnelState.Failed, "The token was revoked."), (_list.Snapshot()[0].State, _list.Snapshot()[0].Reason));

        await tunnels.ApplyAsync([revoked]);
        using ScriptedServer.Connection again = (await _server.AcceptLoginAsync()).Control;
    }

    [Fact]
    public async Task Apply_AFileThatCannotBeUsed_ChangesNothing()
    {
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
        await using var tunnels = new TunnelSet(new KnownServers(_home.File("known")), _list, TimeProvider.System, loggers);
        await tunnels.ApplyAsync([Tunnel("one")]);
        TunnelDefinition bad = Tunnel("bad");
        await Assert.ThrowsAsync<FormatException>(() => tunnels.ApplyAsync([bad with { Options = bad.Options with { CaFile = _home.File("none.pem") } }]));
        Assert.Equal("one", Assert.Single(_list.Snapshot()).Name);
        using ScriptedServer.Connection control = (await _server.AcceptLoginAsync()).Control;
    }

    public void Dispose()
    {
        _server.Dispose();
        _home.Dispose();
        _log.Dispose();
    }

    private TunnelDefinition Tunnel(string name) => new(name, new ConnectOptions(
        TokenText.Create(), "127.0.0.1", _server.Port, new LocalTarget.Tcp("127.0.0.1", 1), Fingerprint: null, CaFile: null, Plaintext: true, name));

    private static async Task<Frame> LastFrameAsync(ScriptedServer.Connection control)
    {
        Frame last = await control.ReadAsync();
        while (await control.ReadOrEndAsync() is { } frame)
            last = frame;
        return last;
    }
}
