using System.CommandLine;
using Rabbit.ApiClient;
using Rabbit.Host.Commands.Output;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit cluster</c>: the nodes that share the tunnels.</summary>
internal static class ClusterCommand
{
    private static readonly Option<string?> Node = new("--node") { Description = "Only this node's." };
    private static readonly Option<string?> Drained = new("--node") { Description = "Name of the node that is meant, against mistakes: that of --api must be this one." };

    public static Command Create()
    {
        Command[] overTheApi =
        [
            ApiCommand.Of("status", "Lists the live nodes with their load; status 1 where the node asked for is not live.", [Node], ShowAsync),
            ApiCommand.Of("routes", "Lists the tunnels with a client, and the node that owns each.", [Node, ApiCall.Limit], ListRoutesAsync),
            ApiCommand.Of("drain", "Sends the clients of the node to the others, before it is stopped.", [Drained, Confirmation.Yes], DrainAsync),
        ];
        foreach (Command command in overTheApi)
            ApiFlags.AddTo(command);
        var cluster = new Command("cluster", "Several servers that act as one: the nodes of a cluster.") { ClusterCertificateCommand.Create() };
        foreach (Command command in overTheApi)
            cluster.Subcommands.Add(command);
        return cluster;
    }

    private static async Task<int> ShowAsync(ApiCall call)
    {
        var cluster = (await call.Api.GetClusterAsync(call.Cancellation)).Data;
        string? wanted = call.Get(Node);
        if (wanted is not null && cluster.Nodes.All(node => node.Name != wanted))
            throw new CommandFailedException(ExitCode.Failure, $"There is no live node {wanted}; 'rabbit cluster status' lists those that there are.");
        if (call.Json)
            return call.Tell(cluster, "");
        if (!cluster.Clustered)
            return call.Tell(cluster, $"{call.Target.Name} is a lone server, no node of a cluster.");
        int status = await call.ListWholeAsync(
            "There is no live node.",
            () => Task.FromResult<IReadOnlyList<NodeSummary>>([.. cluster.Nodes.Where(node => wanted is null || node.Name == wanted)]),
            ("NODE", node => node.IsThis ? $"{node.Name} *" : node.Name),
            ("STATE", node => node.State),
            ("CLIENTS", node => Show.Number(node.Sessions)),
            ("VISITORS", node => Show.Number(node.Visitors)),
            ("TUNNELS", node => Show.Number(node.Routes)),
            ("STARTED", node => Show.Time(node.StartedAt)),
            ("VERSION", node => node.Version),
            ("NODE ADDRESS", node => node.NodeAddress),
            ("CLIENT ADDRESS", node => node.ClientAddress.Length > 0 ? node.ClientAddress : Show.Nothing));
        var forwarded = cluster.Forwarded;
        Console.WriteLine(TerminalText.Escape(
            $"* {cluster.Node} has answered. Visitors of other nodes at its clients: {Show.Number(forwarded.ServedNow)} now, {Show.Number(forwarded.ServedTotal)} in all, {Show.Bytes(forwarded.BytesFromVisitors)} from them, {Show.Bytes(forwarded.BytesToVisitors)} to them. Its visitors at clients of others: {Show.Number(forwarded.ForwardedTotal)} forwarded, {Show.Number(forwarded.DirectTotal)} direct."));
        return status;
    }

    private static Task<int> ListRoutesAsync(ApiCall call) => call.ListAsync(
        "No tunnel has a client now, or this is a lone server.",
        async (cursor, limit) =>
        {
            var page = await call.Api.ListRoutesAsync(node: call.Get(Node), cursor: cursor, limit: limit, cancellationToken: call.Cancellation);
            return (page.Data, page.Next);
        },
        ("PORT", route => Show.Number(route.Port)),
        ("NODE", route => route.Node),
        ("TOKEN ID", route => route.TokenId),
        ("SESSION ID", route => route.SessionId.ToString()),
        ("EPOCH", route => Show.Number(route.Epoch)),
        ("DIRECT", route => route.Direct ? "yes" : "no"));

    private static async Task<int> DrainAsync(ApiCall call)
    {
        string? node = call.Get(Drained);
        Confirmation.Ask(call, $"Send the clients of {node ?? call.Target.Name} to the other nodes");
        return call.Tell(
            await call.Api.DrainNodeAsync(new DrainNodeRequest { Node = node }, call.Cancellation),
            "The node is draining: its clients go to the others, and it takes no more until it is started again. 'rabbit cluster status' shows how many are left.");
    }
}
