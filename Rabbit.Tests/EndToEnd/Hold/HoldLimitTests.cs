using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Hold;

/// <summary>No more visitors wait than a tunnel and the server have places for, and none who was told so has cost one.</summary>
public sealed class HoldLimitTests
{
    [Fact]
    [Trait("Property", "P11")]
    public async Task Places_AreBoundedForATunnelAndForTheServer_AndFreeWhenOneLeaves()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync(("RABBIT_PENDING_VISITORS", "3"), ("RABBIT_WAITING_VISITORS", "5"));
        TestToken one = await server.MakeOfflineAsync(60);
        TestToken two = await server.MakeOfflineAsync(60);
        List<Socket> ofOne = await server.WaitAsync(installation, one, 3);
        await AssertToldAsync(one.Port);
        List<Socket> ofTwo = [await ComeAsync(two.Port), await ComeAsync(two.Port)];
        await server.WaitForWaitingAsync(installation, 5);
        await AssertToldAsync(two.Port);
        await server.WaitForOutcomeAsync(installation, "refused", 2);

        ofOne[1].Dispose();
        await server.WaitForWaitingAsync(installation, 4);
        ofTwo.Add(await ComeAsync(two.Port));
        await server.WaitForWaitingAsync(installation, 5);
        await AssertToldAsync(one.Port);

        // Also a token's own limit holds for those who wait.
        await server.Api.SendAsync(HttpMethod.Patch, $"tokens/{one.Id}", new { max_visitors = 2 });
        ofTwo[0].Dispose();
        await server.WaitForWaitingAsync(installation, 4);
        await AssertToldAsync(one.Port);
        foreach (Socket visitor in ofOne.Concat(ofTwo))
            visitor.Dispose();
        await server.WaitForWaitingAsync(installation, 0);
        await server.WaitForOutcomeAsync(installation, "left", 6);
        await server.WaitForOutcomeAsync(installation, "refused", 4);
    }

    private static async Task<Socket> ComeAsync(int port)
    {
        Socket visitor = await SocketConversation.ConnectAsync(port);
        await visitor.SendAllAsync("GET / HTTP/1.1\r\n\r\n");
        return visitor;
    }

    private static async Task AssertToldAsync(int port)
    {
        using Socket visitor = await ComeAsync(port);
        Assert.Contains("takes no more visitors at the moment", Encoding.ASCII.GetString(await visitor.ReadToEndAsync()), StringComparison.Ordinal);
    }
}
