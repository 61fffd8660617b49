using System.Globalization;
using Rabbit.Tunneling.Cluster;

namespace Rabbit.Persistence.Cluster;

/// <summary>
/// What nodes tell each other of a route, on one channel of Redis: <c>VERSION route JSON</c>, <c>VERSION gone TOKEN EPOCH</c>, or
/// <c>0 claim TOKEN EPOCH</c> from a node that wants the tunnel. It may be lost; the index tells the same.
/// </summary>
/// <param name="Version">Of the index, after this change; 0 when that has not changed.</param>
/// <param name="Kind">What is told.</param>
/// <param name="TokenId">Of which token.</param>
/// <param name="Epoch">Of which epoch.</param>
/// <param name="Route">The route, of a <see cref="RouteHintKind.Route"/>.</param>
internal readonly record struct RouteHint(long Version, RouteHintKind Kind, string TokenId, long Epoch, TunnelRoute? Route)
{
    /// <summary>Reads a message; false when it is not ours.</summary>
    public static bool TryRead(string message, out RouteHint hint)
    {
        hint = default;
        string[] words = message.Split(' ', 3);
        if (words.Length < 3 || !long.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out long version))
            return false;
        if (words[1] == "route")
        {
            if (RouteJson.Read(words[2]) is not { } route)
                return false;
            hint = new RouteHint(version, RouteHintKind.Route, route.TokenId, route.Epoch, route);
            return true;
        }
        int space = words[2].LastIndexOf(' ');
        if (space <= 0 || !long.TryParse(words[2].AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long epoch))
            return false;
        RouteHintKind? kind = words[1] switch
        {
            "gone" => RouteHintKind.Gone,
            "claim" => RouteHintKind.Claim,
            _ => null,
        };
        if (kind is null)
            return false;
        hint = new RouteHint(version, kind.Value, words[2][..space], epoch, null);
        return true;
    }
}
