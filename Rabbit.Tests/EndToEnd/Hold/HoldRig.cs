using System.Net;
using System.Net.Sockets;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;

namespace Rabbit.Tests.EndToEnd.Hold;

/// <summary>What tests of visitors that wait do again and again.</summary>
internal static class HoldRig
{
    /// <summary>What the visitors of <see cref="WaitAsync"/> say.</summary>
    public const string Hello = "GET / HTTP/1.1\r\n\r\n";

    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    /// <summary>A token whose visitors wait; its client has been there and left.</summary>
    public static async Task<TestToken> MakeOfflineAsync(this RabbitProcess server, int holdSeconds, string kind = "other")
    {
        TestToken token = await server.CreateTokenAsync();
        await server.Api.SendAsync(HttpMethod.Patch, $"tokens/{token.Id}", new { hold_seconds = holdSeconds, kind });
        using (await NativePeer.LoginAsync(server.ControlPort, token))
        {
        }
        await server.Api.WaitForStateAsync(token.Port, "offline", Soon);
        return token;
    }

    /// <summary>So many visitors that have something to say, one after the other, all of whom wait.</summary>
    public static async Task<List<Socket>> WaitAsync(this RabbitProcess server, Installation installation, TestToken token, int count)
    {
        var visitors = new List<Socket>();
        for (int i = 0; i < count; i++)
        {
            Socket visitor = await SocketConversation.ConnectAsync(token.Port);
            visitors.Add(visitor);
            await visitor.SendAllAsync(Hello);
        }
        await server.WaitForWaitingAsync(installation, count);
        return visitors;
    }

    /// <summary>Until so many wait on the whole server.</summary>
    public static Task<double> WaitForWaitingAsync(this RabbitProcess server, Installation installation, int count) => Eventually.BecomesAsync(
        async () => (await MetricsPage.ScrapeAsync(installation, server))["rabbit_visitor_waiting"], waiting => waiting == count, Soon, $"{count} visitors wait");

    /// <summary>Until so many visitors' waits have ended like this.</summary>
    public static Task WaitForOutcomeAsync(this RabbitProcess server, Installation installation, string outcome, int count) => Eventually.BecomesAsync(
        async () => (await MetricsPage.ScrapeAsync(installation, server))[$"rabbit_visitor_waits_total{{rabbit_wait_outcome=\"{outcome}\"}}"],
        waits => waits == count, Soon, $"{count} have {outcome}");

    /// <summary>The one row of a port's visitor once it is over.</summary>
    public static async Task<ConnectionLogRow> ReadRowAsync(this Installation installation, int port) => (await Eventually.BecomesAsync(
        () => installation.VisitsAsync(port), rows => rows is [{ Status: not ConnectionStatus.Active }], Soon, "the visitor's row is written"))[0];

    public static int LocalPort(this Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}
