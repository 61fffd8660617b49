namespace Rabbit.Persistence.Management;

/// <summary>What a token's tunnel allows.</summary>
/// <param name="VisitorNetworks">CIDR networks from which visitors may come; empty for all.</param>
/// <param name="ClientNetworks">CIDR networks from which its client may log in; empty for all.</param>
/// <param name="MaxVisitors">Visitors at once; 0 for no limit.</param>
/// <param name="MaxVisitorsPerAddress">Visitors at once from one address; 0 for no limit.</param>
/// <param name="HoldSeconds">How long visitors wait for a client that is away.</param>
public sealed record TokenSettings(
    IReadOnlyList<string> VisitorNetworks, IReadOnlyList<string> ClientNetworks, int MaxVisitors, int MaxVisitorsPerAddress, int HoldSeconds)
{
    /// <summary>Everything is allowed, and nobody waits.</summary>
    public static TokenSettings None { get; } = new([], [], 0, 0, 0);
}

/// <summary>What is to change of <see cref="TokenSettings"/>; what is null stays.</summary>
public sealed record TokenSettingsChange(
    IReadOnlyList<string?>? VisitorNetworks = null, IReadOnlyList<string?>? ClientNetworks = null, int? MaxVisitors = null,
    int? MaxVisitorsPerAddress = null, int? HoldSeconds = null)
{
    private const int MostVisitors = 1_000_000;
    private const int LongestHold = 3600;

    /// <summary>Puts what is to change into a row; one sentence when it is not valid, or null.</summary>
    internal string? Apply(Model.TokenRow row)
    {
        if (MaxVisitors is < 0 or > MostVisitors || MaxVisitorsPerAddress is < 0 or > MostVisitors)
            return $"max_visitors and max_visitors_per_address must be 0 to {MostVisitors}; 0 is no limit.";
        if (HoldSeconds is < 0 or > LongestHold)
            return $"hold_seconds must be 0 to {LongestHold}.";
        string? visitors = null;
        string? clients = null;
        if (VisitorNetworks is not null && NetworkList.Read("visitor_networks", VisitorNetworks, out visitors) is { } wrongVisitors)
            return wrongVisitors;
        if (ClientNetworks is not null && NetworkList.Read("client_networks", ClientNetworks, out clients) is { } wrongClients)
            return wrongClients;
        row.VisitorNetworks = visitors ?? row.VisitorNetworks;
        row.ClientNetworks = clients ?? row.ClientNetworks;
        row.MaxVisitors = MaxVisitors ?? row.MaxVisitors;
        row.MaxVisitorsPerAddress = MaxVisitorsPerAddress ?? row.MaxVisitorsPerAddress;
        row.HoldSeconds = HoldSeconds ?? row.HoldSeconds;
        return null;
    }
}
