using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Management;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Persistence.Management;

public sealed class DatabaseCensusTests
{
    private const int Rows = 120_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    public async Task Read_ManyLogRows_AreEstimated(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        var census = rig.Get<DatabaseCensus>();
        Assert.False((await census.ReadAsync(Cancellation)).LogRowsEstimated);

        const string Values = "'team', 'token', 10000, '203.0.113.7', 51000, 5, 6, 7, 'closed', '', 'n'";
        const string Columns = "team_id, token_id, port, visitor_address, visitor_port, duration_ms, bytes_from_visitor, bytes_to_visitor, status, reason, node, id, started_at";
        string[] statements = kind == TestDatabaseKind.Postgres
            ? ["INSERT INTO connection_logs (" + Columns + ") SELECT " + Values + ", gen_random_uuid(), timestamptz '2026-01-01' + i * interval '1 minute' FROM generate_series(1, 120000) AS i",
                "ANALYZE connection_logs"]
            : ["WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s LIMIT 120000) INSERT INTO connection_logs (" + Columns + ") SELECT " + Values + ", 'id ' || i, i FROM s"];
        foreach (string statement in statements)
            await rig.QueryAsync(context => context.Database.ExecuteSqlRawAsync(statement, Cancellation));

        DatabaseCounts counts = await census.ReadAsync(Cancellation);
        Assert.True(counts.LogRowsEstimated);
        Assert.InRange(counts.LogRows, Rows * 0.95, Rows * 1.05);
        Assert.True(counts.SizeBytes > Rows * 50, $"{counts}");
    }
}
