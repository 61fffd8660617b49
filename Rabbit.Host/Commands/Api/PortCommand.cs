using System.CommandLine;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit port</c>.</summary>
internal static class PortCommand
{
    private static readonly Argument<int?> Port = TypedOption.Port();

    public static Command Create() => ApiCommand.Group(
        "port", "Tunnel ports that are a token's, or rest before another can get them.",
        ApiCommand.Of("list", "Lists the ports by number.", [ApiCall.Limit], ListAsync),
        ApiCommand.Of("show", "Shows a port.", [Port], ShowAsync));

    private static Task<int> ListAsync(ApiCall call) => call.ListAsync(
        "No port is taken.",
        async (cursor, limit) =>
        {
            var page = await call.Api.ListPortsAsync(cursor: cursor, limit: limit, cancellationToken: call.Cancellation);
            return (page.Data, page.Next);
        },
        ("PORT", port => Show.Number(port.Port)),
        ("STATE", port => port.State),
        ("TUNNEL", port => port.Tunnel),
        ("HEALTH", port => port.Health),
        ("TOKEN ID", port => port.TokenId ?? Show.Nothing),
        ("TEAM ID", port => port.TeamId ?? Show.Nothing),
        ("ASSIGNED", port => Show.Time(port.AssignedAt)),
        ("RESTS UNTIL", port => Show.Time(port.RestsUntil)));

    private static async Task<int> ShowAsync(ApiCall call)
    {
        var port = (await call.Api.GetPortAsync(call.Get(Port)!.Value, call.Cancellation)).Data;
        return call.Show(
            port,
            ("port", Show.Number(port.Port)), ("protocol", port.Protocol), ("state", port.State), ("tunnel", port.Tunnel), ("health", port.Health), ("token", port.TokenId),
            ("team", port.TeamId), ("assigned", Show.Time(port.AssignedAt)), ("released", Show.Time(port.ReleasedAt)), ("rests until", Show.Time(port.RestsUntil)));
    }
}
