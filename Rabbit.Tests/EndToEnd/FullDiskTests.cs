using System.Net.Sockets;
using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>The disk with the data directory is full for a while: a small file system in a mount namespace of the server's own.</summary>
[Trait("Property", "P36")]
public sealed class FullDiskTests
{
    private const int Visitors = 50;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task DiskFull_HealthTurnsRed_VisitorsGoOn_AndAllHealsByItselfWithEveryRow()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Echo();
        // The shell mounts, and becomes the server: both its files and its process are found by this process's id.
        RabbitProcess server = await installation.StartOnAsync(
            ["unshare", "--mount", "sh", "-c", $"mount -t tmpfs -o size=24m tmpfs '{installation.Data}' && exec \"$0\" \"$@\""],
            ("RABBIT_HEARTBEAT_INTERVAL", "00:00:01"));
        TestToken token = await server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        await VisitAsync(token.Port);
        Assert.Equal("Rabbit is running", await HealthAsync(server));

        string filler = $"/proc/{server.Process.Id}/root{installation.Data}/filler";
        await FillAsync(filler);
        await Eventually.BecomesAsync(
            () => HealthAsync(server), health => health.Contains("The database cannot be written; free some disk space", StringComparison.Ordinal), Soon,
            "health is red for the database");
        for (int i = 0; i < Visitors; i++)
            await VisitAsync(token.Port);
        await Eventually.BecomesAsync(
            () => HealthAsync(server), health => health.Contains("journal cannot be written", StringComparison.Ordinal), Soon, "health is red for the journal");
        await VisitAsync(token.Port);

        File.Delete(filler);
        await Eventually.BecomesAsync(() => HealthAsync(server), health => health == "Rabbit is running", Soon, "health is green by itself");
        await Eventually.BecomesAsync(
            () => ClosedAsync(server, token.Port), count => count == Visitors + 2, Soon, "every visit is on record");
        Assert.NotEqual(token.Port, (await server.CreateTokenAsync()).Port);
    }

    private static async Task FillAsync(string file)
    {
        byte[] zeros = new byte[64 * 1024];
        await using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (int piece in (int[])[zeros.Length, 4096, 1])
        {
            try
            {
                while (true)
                    await stream.WriteAsync(zeros.AsMemory(0, piece), TestContext.Current.CancellationToken);
            }
            catch (IOException)
            {
                // Full, but for less than this.
            }
        }
    }

    private static async Task<int> ClosedAsync(RabbitProcess server, int port) =>
        (await server.Api.GetAsync($"connections?port={port}&status=closed")).GetProperty("data").GetArrayLength();

    private static async Task<string> HealthAsync(RabbitProcess server)
    {
        using var http = new HttpClient();
        using HttpResponseMessage response = await http.GetAsync(new Uri(server.Api.Address, "/api/v1/health"), TestContext.Current.CancellationToken);
        using JsonDocument health = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return health.RootElement.GetProperty("message").GetString()!;
    }

    private static async Task VisitAsync(int port)
    {
        using Socket visitor = await SocketConversation.ConnectAsync(port);
        await visitor.SendAllAsync("ping");
        await visitor.ReadExactlyAsync(4);
        visitor.Shutdown(SocketShutdown.Send);
        Assert.Empty(await visitor.ReadToEndAsync());
    }
}
