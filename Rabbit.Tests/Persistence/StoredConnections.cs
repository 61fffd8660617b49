using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence;

/// <summary>Rows of connection_logs that a test puts there itself, whatever their age.</summary>
internal static class StoredConnections
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A connection that was closed after two seconds.</summary>
    public static ConnectionLogRow Of(DateTimeOffset startedAt) => new()
    {
        Id = Guid.CreateVersion7(startedAt),
        TeamId = "team",
        TokenId = "token",
        Port = 10000,
        VisitorAddress = "203.0.113.7",
        VisitorPort = 51000,
        StartedAt = startedAt,
        DurationMs = 2000,
        Status = ConnectionStatus.Closed,
        Node = "node-a",
    };

    public static Task AddAsync(StoreRig rig, params IEnumerable<ConnectionLogRow> rows) => rig.Database.WriteAsync(async context =>
    {
        context.ConnectionLogs.AddRange(rows);
        await context.SaveChangesAsync(Cancellation);
    }, Cancellation);

    /// <summary>When the rows that are there began, oldest first.</summary>
    public static Task<List<DateTimeOffset>> TimesAsync(StoreRig rig) => rig.QueryAsync(
        context => context.ConnectionLogs.OrderBy(row => row.StartedAt).Select(row => row.StartedAt).ToListAsync(Cancellation));
}
