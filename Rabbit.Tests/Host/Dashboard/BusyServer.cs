using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Dashboard;

/// <summary>A server on which something happens: two clients, one of them with a visitor in the middle of a transfer, and one that is away after a restart.</summary>
public sealed class BusyServer : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _parts = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _transfer = Task.CompletedTask;

    internal RabbitProcess Server { get; private set; } = null!;

    /// <summary>The token of the tunnel with the transfer.</summary>
    internal string Transferring { get; private set; } = "";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Installation installation = Add(await Installation.CreateAsync());
        RabbitProcess first = await installation.StartAsync();
        string team = (await first.Api.GetAsync("teams")).GetProperty("data")[0].GetProperty("team_id").GetString()!;
        TestToken orders = await MakeAsync(first.Api, team, "orders database", "postgres");
        TestToken shop = await MakeAsync(first.Api, team, "web shop", "http");
        TestToken cache = await MakeAsync(first.Api, team, "session cache", "redis");
        TestToken files = await MakeAsync(first.Api, team, "file server", "ssh");
        Transferring = orders.Id;

        LocalService service = Add(LocalService.Echo());
        TunnelClientProcess lost = Add(await TunnelClientProcess.ConnectAsync(first, cache, service.Port));
        Add(await TunnelClientProcess.ConnectAsync(first, orders, service.Port, "--health", "tcp"));
        // Its service answers, but not as a web server does: it counts as down.
        Add(await TunnelClientProcess.ConnectAsync(first, shop, service.Port));
        await lost.Process.Kill9Async();
        await first.Process.Kill9Async();
        Server = await installation.StartAsync();
        Add(await TunnelClientProcess.ConnectAsync(Server, files, service.Port, "--health", "tcp"));
        await Server.Api.WaitForStateAsync(orders.Port, "live", TimeSpan.FromSeconds(40));
        await Server.Api.WaitForStateAsync(shop.Port, "live", TimeSpan.FromSeconds(40));
        await Curl.GetAsync(cache.Port);
        _transfer = TransferAsync(orders.Port);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _transfer;
        _parts.Reverse();
        foreach (IAsyncDisposable part in _parts)
            await part.DisposeAsync();
        _stop.Dispose();
    }

    private T Add<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }

    // A few megabytes a second, unevenly, so that the plot has something to draw.
    private async Task TransferAsync(int port)
    {
        byte[] block = new byte[96 * 1024];
        using var visitor = await SocketConversation.ConnectAsync(port);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(40));
        try
        {
            for (int i = 0; await timer.WaitForNextTickAsync(_stop.Token); i++)
            {
                int length = block.Length * (2 + (i / 25 % 5)) / 6;
                await visitor.SendAllAsync(block.AsMemory(0, length), _stop.Token);
                await visitor.ReadExactlyAsync(length);
            }
        }
        catch (OperationCanceledException)
        {
            // The tests are over.
        }
    }

    private static async Task<TestToken> MakeAsync(AdminApi api, string team, string name, string kind)
    {
        var made = (await api.SendAsync(HttpMethod.Post, "tokens/generate", new { team_id = team, name, description = "", kind })).GetProperty("data");
        return new TestToken(
            made.GetProperty("token_id").GetString()!, team, made.GetProperty("token").GetString()!, made.GetProperty("assigned_port").GetInt32());
    }
}
