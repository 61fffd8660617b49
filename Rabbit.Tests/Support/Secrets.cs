using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Rabbit.Persistence.Management;
using Rabbit.Protocol.Credentials;

namespace Rabbit.Tests.Support;

/// <summary>
/// Finds what no program may write: whole tokens and keys, and, also without what is around it, every secret that a test has seen.
/// </summary>
internal static partial class Secrets
{
    private static readonly ConcurrentDictionary<string, byte> Known = new();

    /// <summary>A token that was made; its secret is known from now on.</summary>
    public static void Remember(TokenText token) => Known.TryAdd(token.Secret, 0);

    /// <summary>A key that was made.</summary>
    public static void Remember(ApiKeyText key) => Known.TryAdd(key.Secret, 0);

    /// <summary>A channel secret that a session got.</summary>
    public static void Remember(Guid channelSecret) => Known.TryAdd($"{channelSecret:N}", 0);

    /// <summary>True when there is one in the line.</summary>
    public static bool IsIn(string line) => Credentials().Matches(line).Any(IsCredential) || Words().Matches(line).Any(IsKnown);

    private static bool IsCredential(Match match) => TokenText.TryParse(match.Value, out _) || ApiKeyText.TryParse(match.Value, out _);

    private static bool IsKnown(Match match) => Known.ContainsKey(match.Value.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant());

    [GeneratedRegex(@"rb[tk]_[0-9a-z]{12}_[0-9a-z]{32}")]
    private static partial Regex Credentials();

    // The secret of a token or key, a token of rabbit.go, or a GUID in either form.
    [GeneratedRegex(@"(?<![0-9A-Za-z])([0-9A-Za-z]{32}|[0-9a-f]{64}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})(?![0-9A-Za-z])")]
    private static partial Regex Words();
}
