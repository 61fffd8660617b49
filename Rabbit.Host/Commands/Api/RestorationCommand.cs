using System.CommandLine;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit restoration</c>: what the last start did.</summary>
internal static class RestorationCommand
{
    private static readonly Argument<int?> Port = TypedOption.Port();

    public static Command Create() => ApiCommand.Group(
        "restoration", "What the last start of the server did for the tunnels.",
        ApiCommand.Of("list", "Lists the tunnels that were restored.", [ApiCall.Limit], ListAsync),
        ApiCommand.Of("show", "Shows what was done for a port.", [Port], ShowAsync));

    private static Task<int> ListAsync(ApiCall call) => call.ListWholeAsync(
        "The last start had no tunnels to restore.",
        async () => (await call.Api.ListRestoredAsync(call.Cancellation)).Data,
        ("PORT", tunnel => Show.Number(tunnel.Port)),
        ("LISTENING", tunnel => tunnel.IsListening ? "yes" : "no"),
        ("RESTORED", tunnel => Show.Time(tunnel.RestoredAt)),
        ("CLIENT BACK", tunnel => Show.Time(tunnel.ReconnectedAt, "not yet")),
        ("ADDRESS", tunnel => tunnel.ClientAddress ?? Show.Nothing),
        ("TOKEN ID", tunnel => tunnel.TokenId),
        ("ERROR", tunnel => tunnel.BindError));

    private static async Task<int> ShowAsync(ApiCall call)
    {
        var tunnel = (await call.Api.GetRestoredAsync(call.Get(Port)!.Value, call.Cancellation)).Data;
        return call.Show(
            tunnel,
            ("port", Show.Number(tunnel.Port)), ("token", tunnel.TokenId), ("listening", tunnel.IsListening ? "yes" : "no"), ("error", tunnel.BindError),
            ("restored", Show.Time(tunnel.RestoredAt)), ("client before", tunnel.LastClientAddress), ("client back", Show.Time(tunnel.ReconnectedAt, "not yet")),
            ("from", tunnel.ClientAddress));
    }
}
