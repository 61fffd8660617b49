using System.CommandLine;

namespace Rabbit.Host.Commands.Api;

/// <summary>The options for what a token can be told, when it is made and later.</summary>
internal sealed class TokenSettingOptions(bool isChange)
{
    private const string Any = "any";

    private readonly Option<string[]?> _visitorNetworks = new("--visitor-network") { Description = Describe("Network from which visitors may come, such as 10.0.0.0/8", isChange) };
    private readonly Option<string[]?> _clientNetworks = new("--client-network") { Description = Describe("Network from which its client may come", isChange) };

    public Option<string?> Description { get; } = new("--description") { Description = "What it is for." };

    public Option<string?> Kind { get; } = TypedOption.Choice(
        "--kind", "What the service is: postgres, mysql, redis, http, ssh or other; visitors then get its kind of error while the client is away.",
        "postgres", "mysql", "redis", "http", "ssh", "other");

    public Option<int?> ExpiresInDays { get; } = TypedOption.Number("--expires-in-days", isChange ? "Expires so many days from now; 0: never." : "Expires so many days from now (never).", least: isChange ? 0 : 1);

    public Option<DateTimeOffset?> ExpiresAt { get; } = TypedOption.Time("--expires-at", "Expires then.");

    public Option<int?> MaxVisitors { get; } = TypedOption.Number("--max-visitors", "At most so many visitors at once; 0: no limit.");

    public Option<int?> MaxVisitorsPerAddress { get; } = TypedOption.Number("--max-visitors-per-address", "At most so many visitors of one address at once; 0: no limit.");

    public Option<int?> HoldSeconds { get; } = TypedOption.Number("--hold-seconds", "How long visitors wait for an absent client, up to 3600; 0: they are answered at once.", most: 3600);

    public IEnumerable<Option> All =>
        [Description, Kind, ExpiresInDays, ExpiresAt, _visitorNetworks, _clientNetworks, MaxVisitors, MaxVisitorsPerAddress, HoldSeconds];

    public bool IsAnyGiven(ApiCall call) => All.Any(option => call.Parsed.GetResult(option) is { Implicit: false });

    /// <summary>Null: not told; empty: all networks.</summary>
    public IReadOnlyList<string>? ReadVisitorNetworks(ApiCall call) => Read(call.Get(_visitorNetworks));

    /// <inheritdoc cref="ReadVisitorNetworks"/>
    public IReadOnlyList<string>? ReadClientNetworks(ApiCall call) => Read(call.Get(_clientNetworks));

    private static string[]? Read(string[]? given) => given switch
    {
        null or [] => null,
        [Any] => [],
        _ => given,
    };

    private static string Describe(string what, bool isChange) =>
        $"{what}; give it again for more{(isChange ? $", or '{Any}' to allow all. They replace those before." : " (all).")}";
}
