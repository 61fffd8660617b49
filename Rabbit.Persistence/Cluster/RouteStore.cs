using System.Globalization;
using Rabbit.Persistence.Redis;
using Rabbit.Persistence.Telemetry;
using Rabbit.Tunneling.Cluster;
using StackExchange.Redis;
using ClusterNode = Rabbit.Tunneling.Cluster.ClusterNode;

namespace Rabbit.Persistence.Cluster;

/// <summary>Leases, index and hints of the cluster in Redis. Everything fails when Redis is away, within <see cref="Patience"/>.</summary>
internal sealed class RouteStore(RedisLink link, PersistenceMetrics metrics, TimeProvider time)
{
    /// <summary>For how long a node serves visitors after it was confirmed last, and another one waits for it.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);

    /// <summary>Routes in one script: a few hundred keep Redis for about a millisecond.</summary>
    public const int BatchSize = 500;

    private const string RoutePrefix = "rabbit:route:";
    private const string FencePrefix = "rabbit:fence:";
    private const string LetGoPrefix = "rabbit:letgo:";
    private const string NodePrefix = "rabbit:node:";
    private const string Topic = "rabbit:routes";
    private static readonly RedisKey Index = "rabbit:routes";
    private static readonly RedisKey Version = "rabbit:routes:version";
    private static readonly RedisKey NodeNames = "rabbit:nodes";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    // For as long as a client may be away and still not wait when it comes back.
    private static readonly TimeSpan LetGoTime = TimeSpan.FromDays(1);

    private static RedisValue LeaseMilliseconds => (long)Lease.TotalMilliseconds;

    /// <summary>
    /// Has <paramref name="heard"/> called for every hint, one after the other, also when Redis was away in between; <paramref name="restored"/>
    /// is called when it is back then.
    /// </summary>
    public async Task ListenAsync(Action<string> heard, Action restored, CancellationToken cancellationToken)
    {
        IConnectionMultiplexer connection = await link.ConnectAsync().WaitAsync(cancellationToken);
        ChannelMessageQueue hints = await connection.GetSubscriber().SubscribeAsync(RedisChannel.Literal(Topic)).WaitAsync(cancellationToken);
        hints.OnMessage(message => heard(message.Message.ToString()));
        connection.ConnectionRestored += (_, _) => restored();
    }

    /// <summary>Takes a route over; false with what holds it at a higher epoch. Of a claim also who served before, and the last epoch that has let go.</summary>
    public async Task<(bool IsTaken, TunnelRoute? Other, long LetGo)> TakeAsync(string tokenId, long epoch, string lease, bool serves)
    {
        var answer = (RedisResult[])(await EvaluateAsync(
            RouteScripts.Take, [RoutePrefix + tokenId, FencePrefix + tokenId, Index, Version, LetGoPrefix + tokenId],
            [tokenId, lease, epoch, LeaseMilliseconds, serves ? 1 : 0, Topic]))!;
        return ((int)answer[0] == 1, RouteJson.Read((string?)answer[1]), (long)answer[2]);
    }

    /// <summary>Renews leases; for each 1 when it was, 0 when there is none or a lower one, or the higher epoch that holds the route, negative.</summary>
    public async Task<long[]> RenewAsync(IReadOnlyList<(string TokenId, long Epoch, string Lease)> leases)
    {
        var keys = new RedisKey[leases.Count];
        var values = new RedisValue[1 + 2 * leases.Count];
        values[0] = LeaseMilliseconds;
        for (int i = 0; i < leases.Count; i++)
        {
            keys[i] = RoutePrefix + leases[i].TokenId;
            values[1 + 2 * i] = leases[i].Lease;
            values[2 + 2 * i] = leases[i].Epoch;
        }
        return (long[])(await EvaluateAsync(RouteScripts.Renew, keys, values))!;
    }

    /// <summary>Lets go of routes, and tells so where nobody serves any more, also of those that another node has taken.</summary>
    public Task ReleaseAsync(IReadOnlyList<ReleasedRoute> released)
    {
        RedisKey[] keys =
            [Index, Version, .. released.SelectMany(one => new RedisKey[] { RoutePrefix + one.TokenId, FencePrefix + one.TokenId, LetGoPrefix + one.TokenId })];
        return EvaluateAsync(RouteScripts.Release, keys, [Topic, (long)LetGoTime.TotalMilliseconds, .. released.SelectMany(Values)]);
    }

    /// <summary>
    /// Renews this node's lease; false when another run of a node of this name has it, which is not known to have ended. And what there is:
    /// the index's version, and the live nodes.
    /// </summary>
    public async Task<(bool IsMine, long Version, List<ClusterNode> Nodes)> BeatAsync(ClusterNode self, Guid endedRun)
    {
        var answer = (RedisResult[])(await EvaluateAsync(
            RouteScripts.Beat, [NodeNames, Version, NodePrefix + self.Name],
            [self.Name, NodeJson.Write(self), LeaseMilliseconds, self.Run.ToString(), NodePrefix, endedRun.ToString()]))!;
        long version = long.Parse((string)answer[1]!, CultureInfo.InvariantCulture);
        return ((int)answer[0] == 1, version, [.. answer.Skip(2).Select(node => NodeJson.Read((string?)node)).OfType<ClusterNode>()]);
    }

    /// <summary>This node is one no more.</summary>
    public Task LeaveAsync(ClusterNode self) =>
        EvaluateAsync(RouteScripts.Leave, [NodeNames, NodePrefix + self.Name], [self.Name, self.Run.ToString()]);

    /// <summary>Every route of the index, read a few hundred at a time; not as of one moment.</summary>
    public async IAsyncEnumerable<TunnelRoute> ReadAllAsync()
    {
        IDatabase redis = await DatabaseAsync();
        await foreach (HashEntry entry in redis.HashScanAsync(Index, pageSize: BatchSize))
        {
            if (RouteJson.Read(entry.Value) is { } route && route.TokenId == entry.Name)
                yield return route;
        }
    }

    /// <summary>Takes those of these routes out of the index whose lease has run out; how many.</summary>
    public async Task<int> SweepAsync(IReadOnlyList<TunnelRoute> routes)
    {
        RedisKey[] keys = [Index, Version, .. routes.Select(route => (RedisKey)(RoutePrefix + route.TokenId))];
        return (int)await EvaluateAsync(RouteScripts.Sweep, keys, [Topic, .. routes.SelectMany(route => new RedisValue[] { route.TokenId, route.Epoch })]);
    }

    private static RedisValue[] Values(ReleasedRoute one) => [one.TokenId, one.Epoch, one.Lease, one.IsOver ? 1 : 0];

    private Task<RedisResult> EvaluateAsync(string script, RedisKey[] keys, RedisValue[] values) =>
        TimeAsync(async () =>
        {
            IDatabase redis = await DatabaseAsync();
            try
            {
                return await redis.ScriptEvaluateAsync(script, keys, values);
            }
            catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
            {
                // It was started anew, of which the connection has just learnt by this.
                return await redis.ScriptEvaluateAsync(script, keys, values);
            }
        });

    private async Task<IDatabase> DatabaseAsync() => (await link.ConnectAsync()).GetDatabase();

    private Task<T> TimeAsync<T>(Func<Task<T>> operate) =>
        metrics.TimeAsync(PersistenceMetrics.Redis, time, () => operate().WaitAsync(Patience, time));
}
