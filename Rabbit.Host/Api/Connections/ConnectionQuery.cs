using System.Net;
using Microsoft.AspNetCore.Mvc;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Persistence.ConnectionLogs.Reading;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api.Connections;

/// <summary>Which connections are asked for; what is absent does not matter, and the rest must all hold.</summary>
internal sealed record ConnectionQuery(
    [FromQuery(Name = "team_id")] string? TeamId,
    [FromQuery(Name = "token_id")] string? TokenId,
    [FromQuery(Name = "port")] int? Port,
    [FromQuery(Name = "visitor_address")] string? VisitorAddress,
    [FromQuery(Name = "status")] string? Status,
    [FromQuery(Name = "from")] DateTimeOffset? From,
    [FromQuery(Name = "to")] DateTimeOffset? To)
{
    // No team has this id, so that a team key that asks for another team finds nothing.
    private const string NoTeam = "-";

    /// <summary>The filter for a caller, or null and what is wrong.</summary>
    public ConnectionLogFilter? ToFilter(Caller caller, out string sentence)
    {
        IPAddress? address = null;
        if (VisitorAddress is not null && !IPAddress.TryParse(VisitorAddress, out address))
        {
            sentence = "visitor_address must be an IP address.";
            return null;
        }
        if (!EnumText<ConnectionStatus>.TryRead("status", Status, out ConnectionStatus? status, out sentence))
            return null;
        string? team = caller.Scope is null || TeamId == caller.Scope ? TeamId : TeamId is null ? caller.Scope : NoTeam;
        return new ConnectionLogFilter(team, TokenId, Port, address, status, From, To);
    }
}
