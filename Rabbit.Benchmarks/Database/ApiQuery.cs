using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Rabbit.Persistence.ConnectionLogs.Reading;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Benchmarks.Database;

/// <summary>Something that the API reads.</summary>
/// <param name="Name">The route, in short.</param>
/// <param name="RunAsync">Reads it; what came, in short.</param>
internal sealed record ApiQuery(string Name, Func<CancellationToken, Task<string>> RunAsync)
{
    private const int Page = 100;

    /// <summary>Every kind of query, the worst that we know of each among them.</summary>
    public static async Task<IReadOnlyList<ApiQuery>> ListAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        TeamStore teams = services.GetRequiredService<TeamStore>();
        ConnectionLogReader log = services.GetRequiredService<ConnectionLogReader>();
        RabbitDatabase database = services.GetRequiredService<RabbitDatabase>();
        var stats = new StatsStore(database, new EndOfDay());
        Token[] tokens = [.. (await teams.ListAsync(null, cancellationToken)).SelectMany(team => team.Tokens).OrderBy(token => token.Port)];
        Token busiest = tokens[0];
        Token middle = tokens[tokens.Length / 10];
        Token rarest = tokens[^1];
        IPAddress frequent = IPAddress.Parse(SeededConnections.AddressOf(0));
        IPAddress rare = IPAddress.Parse(SeededConnections.AddressOf(40_000));
        DateTimeOffset newest = await database.RunAsync(
            context => context.ConnectionLogs.MaxAsync(row => row.StartedAt, cancellationToken));
        DateTimeOffset deep = newest.AddDays(-60);

        return
        [
            new("teams", async token => $"{(await teams.ListAsync(null, token)).Sum(team => team.Tokens.Count)} tokens"),
            new("teams/ID/tokens", async token => $"{(await teams.FindAsync(null, busiest.TeamId, token))!.Tokens.Count} tokens"),
            new("stats, first since the start", async token => $"{(await new StatsStore(database, new EndOfDay()).ReadAsync(null, token)).ConnectionsToday} today"),
            new("stats", async token => $"{(await stats.ReadAsync(null, token)).ConnectionsToday} today"),
            .. Connections("", new ConnectionLogFilter()),
            .. Connections("limit=1000", new ConnectionLogFilter(), ConnectionLogReader.LongestPage),
            .. Connections("token: busiest", new ConnectionLogFilter(TokenId: busiest.TokenId)),
            .. Connections("token: rarest", new ConnectionLogFilter(TokenId: rarest.TokenId)),
            .. Connections("port: busiest", new ConnectionLogFilter(Port: busiest.Port)),
            .. Connections("visitor: most frequent", new ConnectionLogFilter(VisitorAddress: frequent)),
            .. Connections("visitor: rare", new ConnectionLogFilter(VisitorAddress: rare)),
            .. Connections("team: busiest", new ConnectionLogFilter(TeamId: busiest.TeamId)),
            .. Connections("team: rarest", new ConnectionLogFilter(TeamId: rarest.TeamId)),
            .. Enum.GetValues<ConnectionStatus>().SelectMany(status => Connections($"status: {status}", new ConnectionLogFilter(Status: status))),
            .. Connections("from, to: an hour", new ConnectionLogFilter(From: newest.AddDays(-30), To: newest.AddDays(-30).AddHours(1))),
            .. Connections("token: busiest, status: error", new ConnectionLogFilter(TokenId: busiest.TokenId, Status: ConnectionStatus.Error)),
            .. Connections("token: busiest, status: timeout (none)", new ConnectionLogFilter(TokenId: busiest.TokenId, Status: ConnectionStatus.Timeout)),
            .. Connections("token: middle, status: timeout", new ConnectionLogFilter(TokenId: middle.TokenId, Status: ConnectionStatus.Timeout)),
            .. Connections("token: busiest, visitor: most frequent", new ConnectionLogFilter(TokenId: busiest.TokenId, VisitorAddress: frequent)),
            .. Connections("token: busiest, visitor: rare", new ConnectionLogFilter(TokenId: busiest.TokenId, VisitorAddress: rare)),
            .. Connections("team: busiest, status: timeout", new ConnectionLogFilter(TeamId: busiest.TeamId, Status: ConnectionStatus.Timeout)),
            .. Connections("team: another's, token: busiest (none)", new ConnectionLogFilter(TeamId: rarest.TeamId, TokenId: busiest.TokenId)),
            .. Connections("visitor: most frequent, status: timeout", new ConnectionLogFilter(VisitorAddress: frequent, Status: ConnectionStatus.Timeout)),
            .. Connections("all: busiest, timeout (none)", new ConnectionLogFilter(
                busiest.TeamId, busiest.TokenId, busiest.Port, frequent, ConnectionStatus.Timeout, newest.AddDays(-80), newest)),
        ];

        ApiQuery[] Connections(string name, ConnectionLogFilter filter, int limit = Page) =>
        [
            new($"connections {name}", Read(filter, null, limit)),
            new($"connections {name}, 60 days back", Read(filter, new ConnectionLogPosition(deep, Guid.AllBitsSet).ToCursor(), limit)),
        ];

        Func<CancellationToken, Task<string>> Read(ConnectionLogFilter filter, string? cursor, int limit) => async token =>
        {
            ConnectionLogPage page = (await log.ReadAsync(filter, cursor, limit, token)).Value!;
            return $"{page.Connections.Count} rows{(page.Next is null ? "" : ", next")}";
        };
    }
}
