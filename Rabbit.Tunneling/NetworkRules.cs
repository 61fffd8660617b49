using System.Net;

namespace Rabbit.Tunneling;

/// <summary>
/// Which addresses are welcome: those in the networks that are allowed, or all when none is named, without those in the networks that are
/// denied.
/// </summary>
public sealed class NetworkRules
{
    private const char Denies = '!';

    private readonly IPNetwork[] _allowed;
    private readonly IPNetwork[] _denied;

    private NetworkRules(IPNetwork[] allowed, IPNetwork[] denied) => (_allowed, _denied) = (allowed, denied);

    /// <summary>All addresses are welcome.</summary>
    public static NetworkRules Everywhere { get; } = new([], []);

    /// <summary>Reads networks such as <c>10.0.0.0/8</c>, which are allowed, and <c>!10.1.0.0/16</c>, which are denied; false when one is neither.</summary>
    public static bool TryRead(IEnumerable<string> texts, out NetworkRules rules)
    {
        rules = Everywhere;
        List<IPNetwork> allowed = [], denied = [];
        foreach (string text in texts)
        {
            if (!TryRead(text, out bool isDenied, out IPNetwork network))
                return false;
            (isDenied ? denied : allowed).Add(network);
        }
        rules = new NetworkRules([.. allowed], [.. denied]);
        return true;
    }

    /// <summary>Reads networks with commas between them.</summary>
    /// <inheritdoc cref="TryRead(IEnumerable{string}, out NetworkRules)"/>
    public static bool TryReadList(string text, out NetworkRules rules) =>
        TryRead(text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), out rules);

    /// <summary>The text in the one form in which it is stored; null when it is no network.</summary>
    public static string? Normalize(string text) =>
        TryRead(text.Trim(), out bool isDenied, out IPNetwork network) ? $"{(isDenied ? $"{Denies}" : "")}{network}" : null;

    /// <summary>True when this address is welcome.</summary>
    public bool Allow(IPAddress address) => !_denied.Contain(address) && (_allowed.Length == 0 || _allowed.Contain(address));

    private static bool TryRead(string text, out bool isDenied, out IPNetwork network)
    {
        isDenied = text.StartsWith(Denies);
        return NetworkText.TryRead(isDenied ? text[1..].TrimStart() : text, out network);
    }
}
