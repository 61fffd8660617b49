using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;
using Xunit;

namespace Rabbit.Tests.Telemetry;

public sealed class TunnelingMetricsTests
{
    private const int Rounds = 1000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Recording_AllocatesNothing(bool isHeard)
    {
        using ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var metrics = new TunnelingMetrics(meters);
        long heard = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (isHeard && instrument.Meter.Scope == meters)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => heard++);
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => heard++);
        listener.Start();

        RecordVisitor(metrics);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds; round++)
            RecordVisitor(metrics);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(isHeard ? 8 * (Rounds + 1) : 0, heard);
        Assert.Equal(isHeard, metrics.TimesChannels);
    }

    [Fact]
    public void Values_AreSnakeCase()
    {
        Assert.Equal("invalid_token", TunnelingMetrics.TextOf(RejectCode.InvalidToken));
        Assert.Equal("refused", TunnelingMetrics.TextOf(ConnectionStatus.Refused));
        Assert.Equal("takeover", TunnelingMetrics.TextOf(LoginKind.Takeover));
    }

    private static void RecordVisitor(TunnelingMetrics metrics)
    {
        metrics.LoggedIn(LoginKind.First);
        metrics.SessionEnded(SessionEnd.ClientLost);
        metrics.ChannelTaken(ChannelResult.Hit, TimeSpan.FromMilliseconds(1));
        metrics.Carried(100, 200);
        metrics.Waited(WaitOutcome.Served);
        metrics.VisitorLeft(ConnectionStatus.Closed, TimeSpan.FromSeconds(1));
    }
}
