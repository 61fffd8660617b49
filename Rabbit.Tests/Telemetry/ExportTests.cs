using System.Net;
using System.Net.Sockets;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Rabbit.Tests.Telemetry.Otlp;
using Xunit;

namespace Rabbit.Tests.Telemetry;

/// <summary>What the two programs export by OTLP, as it arrives at a receiver.</summary>
public sealed class ExportTests
{
    private const string Server = "rabbit";
    private const string Client = "tunnel-client";
    private const int Error = 2;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Visitor_TracesOfServerAndClient_AreOne_AndLoginsAreLinked()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        await using Installation installation = await Installation.CreateAsync(Engine.PostgresAndRedis);
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync(receiver.Environment);
        TestToken token = await server.CreateTokenAsync();
        await using (TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(
            await server.ConnectionStringAsync(token), service.Port, receiver.Environment))
        {
            using (Socket visitor = await SocketConversation.ConnectAsync(token.Port))
            {
                await visitor.SendAllAsync("ping");
                await visitor.ReadExactlyAsync(4);
                visitor.Shutdown(SocketShutdown.Send);
                Assert.Empty(await visitor.ReadToEndAsync());
            }
            await WaitForAsync(receiver, Server, "visitor");
            await WaitForAsync(receiver, Client, "visitor");
        }

        Span ofServer = Assert.Single(Named(receiver, Server, "visitor"));
        Span ofClient = Assert.Single(Named(receiver, Client, "visitor"));
        Assert.Empty(ofServer.ParentSpanId);
        Assert.Equal(ofServer.TraceId, ofClient.TraceId);
        Assert.Equal(ofServer.SpanId, ofClient.ParentSpanId);
        Assert.Equal("closed", OtlpReceiver.Find(ofServer.Attributes, "rabbit.visitor.outcome"));
        Assert.Equal("closed", OtlpReceiver.Find(ofClient.Attributes, "rabbit.visitor.outcome"));
        Assert.Equal(4L, OtlpReceiver.Find(ofServer.Attributes, "rabbit.visitor.received"));
        Assert.Equal(4L, OtlpReceiver.Find(ofServer.Attributes, "rabbit.visitor.transmitted"));
        Assert.Equal((long)token.Port, OtlpReceiver.Find(ofServer.Attributes, "rabbit.tunnel.port"));
        Assert.Equal((long)service.Port, OtlpReceiver.Find(ofClient.Attributes, "server.port"));
        Assert.Contains("rabbit.channel.taken", ofServer.Events.Select(moment => moment.Name));

        Span login = Assert.Single(Named(receiver, Server, "login"));
        Span dialled = Assert.Single(Named(receiver, Client, "login"));
        Assert.NotEqual(dialled.TraceId, login.TraceId);
        Assert.Empty(login.ParentSpanId);
        SpanLink link = Assert.Single(login.Links);
        Assert.Equal((dialled.TraceId, dialled.SpanId), (link.TraceId, link.SpanId));
        Assert.Equal("first", OtlpReceiver.Find(login.Attributes, "rabbit.login.kind"));
        Assert.Equal(OtlpReceiver.Find(login.Attributes, "rabbit.session.id"), OtlpReceiver.Find(ofServer.Attributes, "rabbit.session.id"));
        // What the login asks the database is a part of it.
        await Eventually.BecomesAsync(
            () => receiver.Spans.Count(seen => seen.Span.ParentSpanId == login.SpanId), count => count > 0, Soon, "the database's span is a part of the login's");

        LogRecord connected = await WaitForLogAsync(receiver, Server, "Tunnel client connected to port");
        Assert.Equal((login.TraceId, login.SpanId), (connected.TraceId, connected.SpanId));
        LogRecord came = await WaitForLogAsync(receiver, Client, "Visitor 1 from");
        Assert.Equal(ofClient.TraceId, came.TraceId);

        Metric visitors = await Eventually.BecomesAsync(
            () => receiver.Metrics.GetValueOrDefault((Server, "rabbit.visitors")), metric => metric is not null, Soon, "the visitors' counter") ?? throw new InvalidOperationException();
        Assert.Equal("{visitor}", visitors.Unit);
        Assert.True(visitors.Sum.IsMonotonic);
        await Eventually.BecomesAsync(
            () => receiver.Metrics[(Server, "rabbit.visitors")].Sum.DataPoints
                .Single(point => "closed".Equals(OtlpReceiver.Find(point.Attributes, "rabbit.visitor.outcome"))).AsInt,
            closed => closed == 1, Soon, "one visitor is counted");
        Assert.Equal("By", receiver.Metrics[(Server, "rabbit.visitor.io")].Unit);
    }

    [Fact]
    public async Task RejectedLogin_SpanIsAnError_AndSaysWhy()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync(receiver.Environment);
        using NativePeer stranger = await NativePeer.ConnectAsync(server.ControlPort);
        await stranger.SendAsync(NativePeer.HelloOf(new string('x', 40)));
        await stranger.ReadUntilAsync<Reject>();
        Span login = await WaitForAsync(receiver, Server, "login");
        Assert.Equal(Error, login.Status.Code);
        Assert.Equal("invalid_token", OtlpReceiver.Find(login.Attributes, "error.type"));
        LogRecord rejected = await WaitForLogAsync(receiver, Server, "Rejected a login from");
        Assert.Equal(login.TraceId, rejected.TraceId);
    }

    [Fact]
    public async Task UnknownPeers_DoNotDecideWhatIsSampled()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        await using Installation installation = await Installation.CreateAsync();
        // Roots are not sampled: a span that is has taken its parent's word for it.
        RabbitProcess server = await installation.StartAsync(receiver.EnvironmentWith("parentbased_always_off"));
        TestToken token = await server.CreateTokenAsync();
        using (NativePeer peer = await NativePeer.ConnectAsync(server.ControlPort))
        {
            await peer.SendAsync(NativePeer.HelloOf(token.Text) with { Trace = new TraceContext(7, 7, 1) });
            await peer.ReadUntilAsync<ServerHello>();
        }
        using var http = new HttpClient { BaseAddress = server.Api.Address };
        http.DefaultRequestHeaders.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        await http.GetStringAsync(new Uri("/api/v1/health/live", UriKind.Relative), TestContext.Current.CancellationToken);
        // What is left is sent before it ends.
        server.Process.Send(Signal.Term);
        await server.Process.WaitForExitAsync(Soon);
        Assert.NotEmpty(receiver.Logs);
        Assert.Empty(receiver.Spans);
    }

    [Fact]
    public async Task Request_SpanHasItsRoute_AndNoParentFromOutside()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync();
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync(receiver.Environment);
        using var http = new HttpClient { BaseAddress = server.Api.Address };
        http.DefaultRequestHeaders.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        await http.GetStringAsync(new Uri("/api/v1/health/live", UriKind.Relative), TestContext.Current.CancellationToken);
        Span request = (await Eventually.BecomesAsync(
            () => receiver.Spans.Select(seen => seen.Span).FirstOrDefault(span => span.Name.Contains("health/live", StringComparison.Ordinal)),
            span => span is not null, Soon, "the request's span"))!;
        Assert.Empty(request.ParentSpanId);
        Assert.Equal(200L, OtlpReceiver.Find(request.Attributes, "http.response.status_code"));
    }

    [Fact]
    public async Task Receiver_ThatHangs_DoesNotKeepTheProgramsFromEnding()
    {
        using var hanging = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        hanging.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        hanging.Listen(100);
        (string, string)[] environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{hanging.LocalEndPoint}"), ("OTEL_TRACES_SAMPLER", "always_on")];
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync(environment);
        TestToken token = await server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(await server.ConnectionStringAsync(token), 1, environment);
        client.Process.Send(Signal.Term);
        Assert.Equal(0, await client.Process.WaitForExitAsync(TimeSpan.FromSeconds(5)));
        server.Process.Send(Signal.Term);
        Assert.Equal(0, await server.Process.WaitForExitAsync(TimeSpan.FromSeconds(5)));
    }

    private static List<Span> Named(OtlpReceiver receiver, string service, string name) =>
        [.. receiver.Spans.Where(seen => seen.Service == service && seen.Span.Name == name).Select(seen => seen.Span)];

    private static async Task<Span> WaitForAsync(OtlpReceiver receiver, string service, string name) =>
        (await Eventually.BecomesAsync(() => Named(receiver, service, name), spans => spans.Count > 0, Soon, $"{service} exports a span {name}"))[0];

    private static async Task<LogRecord> WaitForLogAsync(OtlpReceiver receiver, string service, string text) =>
        (await Eventually.BecomesAsync(
            () => receiver.Logs.Where(seen => seen.Service == service).Select(seen => seen.Log)
                .FirstOrDefault(log => log.Body.StringValue.Contains(text, StringComparison.Ordinal)),
            log => log is not null, Soon, $"{service} exports the log record '{text}'"))!;
}
