using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Dashboard.Parts;

/// <summary>A token as somebody fills it in.</summary>
internal sealed class TokenForm
{
    public string? TeamId { get; set; }

    public string Name { get; set; } = "";

    public string Description { get; set; } = "";

    public ServiceKind Kind { get; set; }

    public int? Port { get; set; }

    public int? ExpiresInDays { get; set; }

    public string VisitorNetworks { get; set; } = "";

    public string ClientNetworks { get; set; } = "";

    public int MaxVisitors { get; set; }

    public int MaxVisitorsPerAddress { get; set; }

    public int HoldSeconds { get; set; }

    /// <summary>What the form says of a token that exists.</summary>
    public static TokenForm Of(Token token) => new()
    {
        TeamId = token.TeamId,
        Name = token.Name,
        Description = token.Description,
        Kind = token.Kind,
        Port = token.Port,
        VisitorNetworks = string.Join(", ", token.Settings.VisitorNetworks),
        ClientNetworks = string.Join(", ", token.Settings.ClientNetworks),
        MaxVisitors = token.Settings.MaxVisitors,
        MaxVisitorsPerAddress = token.Settings.MaxVisitorsPerAddress,
        HoldSeconds = token.Settings.HoldSeconds,
    };

    public NewToken ToNew() => new(TeamId, Name, Description, ExpiresInDays, Port: Port, Kind: Kind, Settings: Settings());

    public TokenChange ToChange() => new(Name, Description, Kind, ExpiresInDays, Settings: Settings());

    private TokenSettingsChange Settings() =>
        new(Networks(VisitorNetworks), Networks(ClientNetworks), MaxVisitors, MaxVisitorsPerAddress, HoldSeconds);

    private static string[] Networks(string text) =>
        text.Split([',', ' ', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
