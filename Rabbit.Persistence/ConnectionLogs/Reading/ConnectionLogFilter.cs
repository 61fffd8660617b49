using System.Net;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs.Reading;

/// <summary>Which visitors are asked for; what is null does not matter, and the rest must all hold.</summary>
/// <param name="TeamId">Of the tunnel's token.</param>
/// <param name="TokenId">The tunnel's token.</param>
/// <param name="Port">The tunnel port.</param>
/// <param name="VisitorAddress">Where the visitor came from.</param>
/// <param name="Status">How the connection stands or ended.</param>
/// <param name="From">Accepted at this time or later.</param>
/// <param name="To">Accepted before this time.</param>
public sealed record ConnectionLogFilter(
    string? TeamId = null, string? TokenId = null, int? Port = null, IPAddress? VisitorAddress = null, ConnectionStatus? Status = null,
    DateTimeOffset? From = null, DateTimeOffset? To = null);
