using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Rabbit.Tests.Support;

/// <summary>
/// A client of the legacy line protocol, written from its description and not from the server's code: logs in by
/// <c>TOKEN\nLOCAL_PORT\n</c>, and on <c>CONNECT\nCONN_ID:id\n</c> dials the control port with <c>DATA:id\n</c>.
/// </summary>
internal sealed class LegacyPeer : IAsyncDisposable
{
    private readonly Socket _control;
    private readonly StreamReader _lines;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];

    private LegacyPeer(Socket control)
    {
        _control = control;
        _lines = new StreamReader(new NetworkStream(control), Encoding.ASCII);
    }

    /// <summary>The tunnel's id that the server gave.</summary>
    public string TunnelId { get; private set; } = "";

    /// <summary>The tunnel port that the server gave.</summary>
    public int TunnelPort { get; private set; }

    /// <summary>Logs in at a port, the control port or a restored one; the login's bytes are cut at these places.</summary>
    public static async Task<LegacyPeer> LoginAsync(int port, TestToken token, int localPort, params IReadOnlyCollection<int> cuts)
    {
        var peer = new LegacyPeer(await SocketConversation.ConnectAsync(port));
        await SendCutAsync(peer._control, $"{token.Text}\n{localPort}\n", cuts);
        string? answer = await peer.ReadLineAsync();
        string[] parts = (answer ?? "").Split(':');
        Assert.True(parts is ["SUCCESS", _, _], $"The login was answered by '{answer}'.");
        peer.TunnelId = parts[1];
        peer.TunnelPort = int.Parse(parts[2], null);
        return peer;
    }

    /// <summary>Sends lines and gives back the one line that answers, or null at an end without one.</summary>
    public static async Task<string?> AskAsync(int port, string text)
    {
        await using var peer = new LegacyPeer(await SocketConversation.ConnectAsync(port));
        await peer._control.SendAllAsync(text);
        return await peer.ReadLineAsync();
    }

    /// <summary>The id of the next visitor.</summary>
    public async Task<string> NextVisitorAsync()
    {
        Assert.Equal("CONNECT", await ReadLineAsync());
        string line = await ReadLineAsync() ?? "";
        Assert.StartsWith("CONN_ID:", line, StringComparison.Ordinal);
        return line["CONN_ID:".Length..];
    }

    /// <summary>The next line of the server, or null when it has closed.</summary>
    public async Task<string?> ReadLineAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        return await _lines.ReadLineAsync(deadline.Token);
    }

    /// <summary>Opens the data channel of a visitor; what it says first may share a packet with the line.</summary>
    public static async Task<Socket> OpenChannelAsync(int controlPort, string id, string firstWords = "", params IReadOnlyCollection<int> cuts)
    {
        Socket channel = await SocketConversation.ConnectAsync(controlPort);
        await SendCutAsync(channel, $"DATA:{id}\n{firstWords}", cuts);
        return channel;
    }

    /// <summary>Serves every visitor from now on by sending back what it says.</summary>
    public void ServeEcho(int controlPort) => _running.Add(ServeEchoAsync(controlPort));

    public Task SayDisconnectAsync() => _control.SendAllAsync("DISCONNECT\n");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _control.Dispose();
        await Task.WhenAll(_running);
        _lines.Dispose();
        _stop.Dispose();
    }

    private static async Task SendCutAsync(Socket socket, string text, IReadOnlyCollection<int> cuts)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        int start = 0;
        foreach (int cut in cuts.Append(bytes.Length))
        {
            await socket.SendAllAsync(bytes.AsMemory(start, cut - start), TestContext.Current.CancellationToken);
            start = cut;
            // The next part is a packet of its own only when the server has taken this one.
            if (cut < bytes.Length)
                await KernelSockets.WhenTakenAsync(socket);
        }
    }

    private async Task ServeEchoAsync(int controlPort)
    {
        var channels = new List<Task>();
        try
        {
            while (await _lines.ReadLineAsync(_stop.Token) is { } line)
            {
                if (line.StartsWith("CONN_ID:", StringComparison.Ordinal))
                    channels.Add(EchoAsync(controlPort, line["CONN_ID:".Length..]));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection, or the test, is over.
        }
        await Task.WhenAll(channels);
    }

    private async Task EchoAsync(int controlPort, string id)
    {
        using Socket channel = await OpenChannelAsync(controlPort, id);
        byte[] buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await channel.ReceiveAsync(buffer, _stop.Token)) > 0)
                await channel.SendAllAsync(buffer.AsMemory(0, read), _stop.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The visitor, or the test, is over.
        }
    }
}
