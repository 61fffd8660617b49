using System.Globalization;
using System.Net;
using Rabbit.Persistence.ConnectionLogs.Reading;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.ConnectionLogs.Reading;

public sealed class ConnectionLogReaderTests
{
    private const int Examined = 7;
    private static readonly string[] Tokens = ["token-a", "token-b", "token-c"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Whatever is asked for, page by page, while rows come in: each row that was there is visited once, newest first; and each
    // row that came meanwhile at most once. RABBIT_TEST_SEED repeats a run.
    [Theory, OnBothDatabases]
    public async Task Read_PageByPage_VisitsEveryRowOnceInOrderWhileRowsAreAdded(TestDatabaseKind kind)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("RABBIT_TEST_SEED"), CultureInfo.InvariantCulture, out int given)
            ? given : Random.Shared.Next();
        var random = new Random(seed);
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        var stored = new List<ConnectionLogRow>();
        await AddAsync(400);
        var reader = new ConnectionLogReader(rig.Database, Examined);
        int foundInAll = 0;
        for (int round = 0; round < 30; round++)
        {
            ConnectionLogFilter filter = RandomFilter(random, rig.Time.GetUtcNow());
            int limit = random.Next(1, 40);
            ConnectionLogRow[] before = [.. stored];
            var visited = new List<ConnectionLogEntry>();
            string? cursor = null;
            int pages = 0;
            do
            {
                ConnectionLogPage page = await ReadAsync(reader, filter, cursor, limit);
                Assert.True(page.Connections.Count <= limit, Where($"{page.Connections.Count} rows on a page of {limit}"));
                Assert.True(++pages <= stored.Count + 1, Where("the pages have no end"));
                visited.AddRange(page.Connections);
                cursor = page.Next;
                if (random.Next(4) == 0)
                    await AddAsync(3);
            }
            while (cursor is not null);

            Guid[] ids = [.. visited.Select(entry => entry.Id)];
            Guid[] inOrder = [.. visited.OrderByDescending(entry => entry.StartedAt).ThenByDescending(entry => entry.Id.ToString(), StringComparer.Ordinal).Select(entry => entry.Id)];
            Assert.True(ids.SequenceEqual(inOrder), Where("the rows are out of order"));
            Assert.True(ids.Distinct().Count() == ids.Length, Where("a row came twice"));
            HashSet<Guid> all = [.. stored.Where(row => Matches(row, filter)).Select(row => row.Id)];
            HashSet<Guid> expected = [.. before.Where(row => Matches(row, filter)).Select(row => row.Id)];
            Assert.True(expected.IsSubsetOf(ids), Where($"{expected.Except(ids).Count()} of {expected.Count} rows are missing"));
            Assert.True(all.IsSupersetOf(ids), Where("a row came that does not match"));
            foundInAll += expected.Count;

            string Where(string what) => $"{what}: {filter}, limit {limit}, round {round}; RABBIT_TEST_SEED={seed}";
        }
        Assert.True(foundInAll > 500, $"Only {foundInAll} rows matched at all; RABBIT_TEST_SEED={seed}");

        async Task AddAsync(int count)
        {
            ConnectionLogRow[] added = [.. Enumerable.Range(0, count).Select(_ => RandomRow(random, rig.Time.GetUtcNow()))];
            await StoredConnections.AddAsync(rig, added);
            stored.AddRange(added);
        }
    }

    [Theory, OnBothDatabases]
    public async Task Read_NothingMatchesAmongManyRows_LooksAtABoundedNumberAndGoesOn(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        DateTimeOffset now = rig.Time.GetUtcNow();
        await StoredConnections.AddAsync(rig, Enumerable.Range(0, 3 * Examined).Select(i => StoredConnections.Of(now.AddSeconds(-i))));
        ConnectionLogRow wanted = StoredConnections.Of(now.AddDays(-1));
        wanted.Status = ConnectionStatus.Error;
        await StoredConnections.AddAsync(rig, wanted);

        var reader = new ConnectionLogReader(rig.Database, Examined);
        // The team leads: its rows and the port's reach back equally far.
        var filter = new ConnectionLogFilter(TeamId: "team", Port: 10000, From: now.AddDays(-2), VisitorAddress: IPAddress.Parse("203.0.113.7"));
        var pages = new List<ConnectionLogPage> { await ReadAsync(reader, filter, null, 100) };
        while (pages[^1].Next is { } next)
            pages.Add(await ReadAsync(reader, filter, next, 100));
        Assert.Equal([Examined, Examined, Examined, 1], pages.Select(page => page.Connections.Count));

        // Of status 'error' there is one row only, so that one look finds it.
        ConnectionLogPage one = await ReadAsync(reader, filter with { Status = ConnectionStatus.Error }, null, 100);
        Assert.Equal((wanted.Id, null), (Assert.Single(one.Connections).Id, one.Next));
    }

    [Theory, OnBothDatabases]
    public async Task Read_OpenConnection_ShowsItAsStored(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        ConnectionLogRow row = StoredConnections.Of(rig.Time.GetUtcNow());
        (row.SessionId, row.Status, row.BytesFromVisitor, row.BytesToVisitor, row.Reason) = (Guid.NewGuid(), ConnectionStatus.Active, 1L << 40, 7, "r");
        await StoredConnections.AddAsync(rig, row);
        ConnectionLogEntry entry = Assert.Single((await ReadAsync(rig.Get<ConnectionLogReader>(), new ConnectionLogFilter(), null, 1)).Connections);
        Assert.Equal(
            new ConnectionLogEntry(
                row.Id, "team", "token", row.SessionId, 10000, "203.0.113.7", 51000, row.StartedAt, TimeSpan.FromSeconds(2), 1L << 40, 7,
                ConnectionStatus.Active, "r"),
            entry);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("________________________________")]
    [InlineData("AAAAAAAAAAAAAAAA AAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAA+AAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==")]
    [InlineData("ÄAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Parse_CursorThatIsNone_IsNull(string cursor) => Assert.Null(ConnectionLogPosition.Parse(cursor));

    [Fact]
    public void Parse_CursorOfAPosition_IsThatPosition()
    {
        foreach (DateTimeOffset time in new[] { DateTimeOffset.MinValue, DateTimeOffset.UnixEpoch.AddTicks(1), DateTimeOffset.MaxValue })
        {
            var position = new ConnectionLogPosition(time, Guid.NewGuid());
            Assert.Equal(position, ConnectionLogPosition.Parse(position.ToCursor()));
        }
    }

    private static async Task<ConnectionLogPage> ReadAsync(ConnectionLogReader reader, ConnectionLogFilter filter, string? cursor, int limit)
    {
        ManagementResult<ConnectionLogPage> result = await reader.ReadAsync(filter, cursor, limit, Cancellation);
        Assert.Equal("", result.Sentence);
        return result.Value!;
    }

    // Few times for many rows, so that many have the same; and some that are newer than all that was there.
    private static ConnectionLogRow RandomRow(Random random, DateTimeOffset now)
    {
        ConnectionLogRow row = StoredConnections.Of(now.AddSeconds(-random.Next(100)));
        row.Id = Guid.NewGuid();
        int token = random.Next(Tokens.Length) * random.Next(2);
        (row.TokenId, row.Port, row.TeamId) = (Tokens[token], 10000 + token, token == 0 ? "team-a" : "team-b");
        row.VisitorAddress = $"203.0.113.{random.Next(4)}";
        row.Status = (ConnectionStatus)random.Next(5);
        return row;
    }

    private static ConnectionLogFilter RandomFilter(Random random, DateTimeOffset now)
    {
        int token = random.Next(Tokens.Length);
        return new ConnectionLogFilter(
            Maybe() ? token == 0 ? "team-a" : "team-b" : null,
            Maybe() ? Tokens[token] : null,
            Maybe() ? 10000 + token : null,
            Maybe() ? IPAddress.Parse($"203.0.113.{random.Next(5)}") : null,
            Maybe() ? (ConnectionStatus)random.Next(5) : null,
            Maybe() ? now.AddSeconds(-random.Next(50, 110)) : null,
            // In another time zone, as a caller may write it.
            Maybe() ? now.AddSeconds(-random.Next(60)).ToOffset(TimeSpan.FromHours(2)) : null);

        bool Maybe() => random.Next(3) == 0;
    }

    private static bool Matches(ConnectionLogRow row, ConnectionLogFilter filter) =>
        (filter.TeamId is null || row.TeamId == filter.TeamId) && (filter.TokenId is null || row.TokenId == filter.TokenId)
        && (filter.Port is null || row.Port == filter.Port) && (filter.Status is null || row.Status == filter.Status)
        && (filter.VisitorAddress is null || row.VisitorAddress == filter.VisitorAddress.ToString())
        && (filter.From is null || row.StartedAt >= filter.From) && (filter.To is null || row.StartedAt < filter.To);
}
