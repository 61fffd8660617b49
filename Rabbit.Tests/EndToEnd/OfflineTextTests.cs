using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>The operator's own words for visitors of an absent client, and the forms in which web visitors get them.</summary>
[Trait("Property", "P26")]
public sealed class OfflineTextTests : IAsyncLifetime
{
    private const string Message = "Der Tunnel {tunnel} an Port {port} macht seit {since} Pause.";
    private const string Hint = "Fragen Sie <die Kollegen> & warten Sie.";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private Installation _installation = null!;
    private TestToken _token = null!;

    private string Told => $"Der Tunnel nächtlich an Port {_token.Port} macht seit 20";

    public async ValueTask InitializeAsync()
    {
        _installation = await Installation.CreateAsync();
        RabbitProcess server = await _installation.StartAsync(("RABBIT_OFFLINE_MESSAGE", Message), ("RABBIT_OFFLINE_HINT", Hint));
        _token = await server.CreateTokenAsync();
        await server.Api.SendAsync(HttpMethod.Patch, $"tokens/{_token.Id}", new { name = "nächtlich" });
        using (await NativePeer.LoginAsync(server.ControlPort, _token))
        {
        }
        await server.Api.WaitForStateAsync(_token.Port, "offline", Soon);
    }

    public ValueTask DisposeAsync() => _installation.DisposeAsync();

    [Fact]
    public async Task Programs_ShowTheOperatorsWords()
    {
        VisitorProgram psql = await VisitorProgram.RunAsync(
            Path.Combine(VisitorProgram.PostgresBin, "psql"), "--no-psqlrc", $"host=127.0.0.1 port={_token.Port} user=x dbname=x");
        Assert.Contains($"FATAL:  {Told}", psql.Shown, StringComparison.Ordinal);
        Assert.Contains($"HINT:  {Hint}", psql.Shown, StringComparison.Ordinal);
        VisitorProgram redis = await VisitorProgram.RunAsync("redis-cli", "-p", $"{_token.Port}", "ping");
        Assert.Contains($"ERR {Told}", redis.Shown, StringComparison.Ordinal);
        string curl = await Curl.GetAsync(_token.Port);
        Assert.Contains($"\r\n\r\n{Told}", curl, StringComparison.Ordinal);
        Assert.EndsWith($"\n{Hint}\n", curl, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n", "text/html", true)]
    [InlineData("GET http://x/y HTTP/1.0\r\nAccept: text/html\r\n\r\n", "text/html", true)]
    [InlineData("HEAD / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n", "text/html", false)]
    [InlineData("HEAD / HTTP/1.0\r\n\r\n", "text/plain", false)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody", "text/plain", true)]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "text/plain", true)]
    [InlineData("GET /\r\n", "text/plain", true)]
    [InlineData("GET / HTTP/1.1\r\nAccept: text/html\r\nnever ending", "text/html", true)]
    [InlineData("\u00ff\u00fe what?", "text/plain", true)]
    public async Task WebVisitor_GetsOneAnswerOfTheExactLength_AndTheEnd(string request, string type, bool hasBody)
    {
        using Socket visitor = await SocketConversation.ConnectAsync(_token.Port);
        // In pieces, and twice: the second request must not be answered too.
        byte[] words = Encoding.Latin1.GetBytes(request);
        await visitor.SendAllAsync(words.AsMemory(0, words.Length / 2), TestContext.Current.CancellationToken);
        await visitor.SendAllAsync(words.AsMemory(words.Length / 2), TestContext.Current.CancellationToken);
        await visitor.SendAllAsync(words, TestContext.Current.CancellationToken);
        string reply = Encoding.UTF8.GetString(await visitor.ReadToEndAsync());
        int end = reply.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\n", reply, StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Type: {type}; charset=utf-8\r\n", reply[..end], StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: 5\r\n", reply[..end], StringComparison.Ordinal);
        string body = reply[end..];
        if (!hasBody)
        {
            Assert.Empty(body);
            return;
        }
        Assert.Contains($"\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n", reply[..end], StringComparison.Ordinal);
        if (type == "text/html")
        {
            Assert.Contains("<h1>Der Tunnel n&#228;chtlich an Port", body, StringComparison.Ordinal);
            Assert.Contains("<p>Fragen Sie &lt;die Kollegen&gt; &amp; warten Sie.</p>", body, StringComparison.Ordinal);
        }
        else
        {
            Assert.StartsWith(Told, body, StringComparison.Ordinal);
        }
    }
}
