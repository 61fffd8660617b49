using System.Text.RegularExpressions;
using Rabbit.Host.Alerts;
using Rabbit.Persistence;

namespace Rabbit.Host.Settings;

/// <summary>Values as they may be shown: without passwords and secrets.</summary>
internal static partial class ShownValue
{
    private const string Hidden = "***";

    public static string Of(string key, string value) => value.Length == 0 ? value : key switch
    {
        nameof(AlertOptions.AlertSecret) => Hidden,
        // Receivers such as chat rooms have their secret in the path.
        nameof(AlertOptions.AlertUrl) => string.Join(", ", value.Split(',', StringSplitOptions.TrimEntries).Select(HideBehindHost)),
        nameof(PersistenceOptions.Database) or nameof(PersistenceOptions.Redis) => HidePassword(value),
        _ => value,
    };

    private static string HideBehindHost(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) ? $"{uri.Scheme}://{uri.Authority}/{Hidden}" : Hidden;

    // scheme://name:password@host?password=..., or pairs with = between them. What cannot be told apart is hidden whole.
    private static string HidePassword(string text)
    {
        string shown = SecretPair().Replace(text, $"$1{Hidden}");
        return shown.Contains("://", StringComparison.Ordinal) ? UserInfo().Replace(shown, $"$1:{Hidden}@")
            : shown.Contains('@', StringComparison.Ordinal) ? Hidden
            : shown;
    }

    // To the next separator, or in quotes, as connection strings allow them.
    [GeneratedRegex("""((?:password|pwd|passphrase|secret)\s*=\s*)("[^"]*"|'[^']*'|[^;,&]*)""", RegexOptions.IgnoreCase)]
    private static partial Regex SecretPair();

    [GeneratedRegex("^([a-z]+://[^:/?#]*):.*@", RegexOptions.IgnoreCase)]
    private static partial Regex UserInfo();
}
