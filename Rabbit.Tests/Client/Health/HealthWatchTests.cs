using Rabbit.Client.Health;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Client.Connection;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Client.Health;

/// <summary>What a server hears of the local service, and when.</summary>
public sealed class HealthWatchTests : IDisposable
{
    private static readonly HealthOptions Often = HealthOptions.Read("http", "0.1");

    private readonly ScriptedServer _server = new();

    [Fact]
    public async Task Report_OneFailureBetweenSuccesses_IsNotTold()
    {
        int asked = 0;
        bool isTold = false; // It is asked already before the login, however long that takes.
        await using LocalService service = Answering(() => !Volatile.Read(ref isTold) ? 200 : ++asked switch { 1 => 503, <= 4 => 200, _ => 500 });
        await using var client = new RunningClient(_server.Port, service.Port, health: Often);
        using var control = (await _server.AcceptLoginAsync()).Control;
        Assert.Equal(new ServiceHealth(ServiceState.Up, ""), await NextReportAsync(control));
        Volatile.Write(ref isTold, true);
        ServiceHealth down = await NextReportAsync(control);
        Assert.Equal(new ServiceHealth(ServiceState.Down, $"127.0.0.1:{service.Port} answers HTTP 500"), down);
        Assert.True(asked >= 6, $"It was told after {asked} questions.");
    }

    [Fact]
    public async Task Report_ServiceWorksAgain_IsToldAtTheFirstSuccess()
    {
        bool isTold = false;
        await using LocalService service = Answering(() => Volatile.Read(ref isTold) ? 404 : 500);
        await using var client = new RunningClient(_server.Port, service.Port, health: Often);
        using var control = (await _server.AcceptLoginAsync()).Control;
        Assert.Equal(ServiceState.Down, (await NextReportAsync(control)).State);
        Volatile.Write(ref isTold, true);
        Assert.Equal(ServiceState.Up, (await NextReportAsync(control)).State);
    }

    [Fact]
    public async Task Report_NextLogin_IsRepeatedAtOnce()
    {
        await using LocalService service = Answering(() => 200);
        // Asked once in an hour: what the second session hears is what was known.
        await using var client = new RunningClient(_server.Port, service.Port, health: HealthOptions.Read("http", "3600"));
        using (var control = (await _server.AcceptLoginAsync()).Control)
            Assert.Equal(ServiceState.Up, (await NextReportAsync(control)).State);
        using var again = (await _server.AcceptLoginAsync()).Control;
        Assert.Equal(ServiceState.Up, (await NextReportAsync(again)).State);
    }

    [Fact]
    public async Task Report_AVisitorIsRefused_IsReasonToAskAtOnce()
    {
        LocalService service = Answering(() => 200);
        await using var client = new RunningClient(_server.Port, service.Port, health: HealthOptions.Read("http", "3600"));
        using var control = (await _server.AcceptLoginAsync(poolSize: 1)).Control;
        using ScriptedServer.Connection channel = await _server.AcceptChannelAsync();
        Assert.Equal(ServiceState.Up, (await NextReportAsync(control)).State);
        await service.DisposeAsync();
        await channel.SendAsync(new Start(1, "192.0.2.1", 5));
        Assert.Equal(FrameType.Refused, (await channel.ReadAsync()).Type);
        Assert.Equal(new ServiceHealth(ServiceState.Down, $"127.0.0.1:{service.Port} refuses the connection"), await NextReportAsync(control));
    }

    [Fact]
    public async Task Report_WhatTheServerDeclares_IsWhatIsAsked()
    {
        await using LocalService service = LocalService.SpeaksFirst("-ERR no\r\n"u8.ToArray());
        await using var client = new RunningClient(_server.Port, service.Port, health: HealthOptions.Read(null, "0.1"));
        var (control, _) = await _server.AcceptControlAsync();
        using (control)
        {
            await control.SendAsync(_server.NextHello() with { Service = DeclaredService.Redis });
            Assert.Equal(new ServiceHealth(ServiceState.Down, $"127.0.0.1:{service.Port} answers ERR no"), await NextReportAsync(control));
        }
        // The token's kind was changed meanwhile.
        (control, _) = await _server.AcceptControlAsync();
        using (control)
        {
            await control.SendAsync(_server.NextHello() with { Service = DeclaredService.Other });
            Assert.Equal(ServiceState.Down, (await NextReportAsync(control)).State);
            Assert.Equal(ServiceState.Up, (await NextReportAsync(control)).State);
        }
    }

    [Fact]
    public async Task Report_NotToBeAsked_SaysNothingAndDialsNobody()
    {
        await using LocalService service = Answering(() => 200);
        await using var client = new RunningClient(_server.Port, service.Port, health: HealthOptions.Read("none", "0.1"));
        using var control = (await _server.AcceptLoginAsync()).Control;
        await control.SendAsync(new Ping(1));
        Assert.Equal(FrameType.Pong, (await control.ReadAsync()).Type);
        await control.SendAsync(new Ping(2));
        Assert.Equal(FrameType.Pong, (await control.ReadAsync()).Type);
        Assert.Equal(0, service.Connections);
    }

    public void Dispose() => _server.Dispose();

    private static LocalService Answering(Func<int> status) => new(async (socket, cancellationToken) =>
    {
        byte[] request = new byte[4096];
        await socket.ReceiveAsync(request, cancellationToken);
        await socket.SendAllAsync($"HTTP/1.1 {status()} x\r\nConnection: close\r\n\r\n");
    });

    private static async Task<ServiceHealth> NextReportAsync(ScriptedServer.Connection control)
    {
        while (true)
        {
            Frame frame = await control.ReadAsync();
            if (frame.Type == FrameType.ServiceHealth)
                return frame.Read<ServiceHealth>();
        }
    }
}
