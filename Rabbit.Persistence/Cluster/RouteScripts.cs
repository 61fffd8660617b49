namespace Rabbit.Persistence.Cluster;

/// <summary>
/// What Redis does in one step. A route's lease is the JSON under its key; what another node serves is in the index, whose version grows
/// with each change of it. The fence is the lease of the last node that served: who claims the tunnel waits for its end.
/// </summary>
internal static class RouteScripts
{
    // Of a lease: its epoch, 0 where it is none of ours, whether it is a claim's, and the run of its node.
    private const string ReadLease = """
        local function read(json)
          local ok, lease = pcall(cjson.decode, json)
          if not ok or type(lease) ~= 'table' or type(lease.route) ~= 'table' then return 0, false, '' end
          return tonumber(lease.route.epoch) or 0, lease.is_claim == true, lease.route.run
        end

        """;

    /// <summary>
    /// Takes a route over a lower epoch, or puts the own one back. KEYS: route, fence, index, version, let go. ARGV: token, lease, epoch,
    /// lease in milliseconds, 1 when it serves (0: a claim), channel. Returns 1 or 0; the fence, or what holds the route; the last epoch that has let go.
    /// </summary>
    public const string Take = ReadLease + """
        local held = redis.call('GET', KEYS[1])
        if held then
          local epoch, is_claim = read(held)
          if epoch > tonumber(ARGV[3]) then return {0, held, 0} end
          if epoch > 0 and epoch < tonumber(ARGV[3]) and not is_claim then
            redis.call('SET', KEYS[2], held, 'PX', math.max(1, redis.call('PTTL', KEYS[1])))
          end
        end
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
        if ARGV[5] == '1' then
          redis.call('DEL', KEYS[2])
          if redis.call('HGET', KEYS[3], ARGV[1]) ~= ARGV[2] then
            redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
            redis.call('PUBLISH', ARGV[6], redis.call('INCR', KEYS[4]) .. ' route ' .. ARGV[2])
          end
          return {1, '', 0}
        end
        if held then redis.call('PUBLISH', ARGV[6], '0 claim ' .. ARGV[1] .. ' ' .. ARGV[3]) end
        local fence = redis.call('GET', KEYS[2])
        return {1, fence or '', tonumber(redis.call('GET', KEYS[5]) or '0')}
        """;

    /// <summary>
    /// Renews leases that are still the same. KEYS: routes. ARGV: lease in milliseconds, then for each its lease and epoch. Returns for each
    /// 1: renewed; 0: there is none, or one of a lower epoch; or the higher epoch that holds, negative.
    /// </summary>
    public const string Renew = ReadLease + """
        local results = {}
        for i = 1, #KEYS do
          local held = redis.call('GET', KEYS[i])
          if held == ARGV[2 * i] then
            redis.call('PEXPIRE', KEYS[i], ARGV[1])
            results[i] = 1
          elseif not held then
            results[i] = 0
          else
            local epoch = read(held)
            results[i] = epoch > tonumber(ARGV[2 * i + 1]) and -epoch or 0
          end
        end
        return results
        """;

    /// <summary>
    /// Lets go of routes that are still the same, and of what the same run served before. KEYS: index, version, then for each its route, fence and
    /// let go. ARGV: channel, milliseconds for which it is known who has let go, then for each token, epoch, lease, and 1 when nobody of that epoch
    /// or an earlier one serves any more.
    /// </summary>
    public const string Release = ReadLease + """
        for i = 1, (#KEYS - 2) / 3 do
          local route, fence, let_go = KEYS[3 * i], KEYS[3 * i + 1], KEYS[3 * i + 2]
          local token, epoch, lease, is_over = ARGV[4 * i - 1], ARGV[4 * i], ARGV[4 * i + 1], ARGV[4 * i + 2] == '1'
          if redis.call('GET', route) == lease then redis.call('DEL', route) end
          local fenced = redis.call('GET', fence)
          if fenced and read(fenced) == tonumber(epoch) then redis.call('DEL', fence) end
          if is_over then
            local version = 0
            local served = redis.call('HGET', KEYS[1], token)
            if served then
              local served_epoch, _, served_run = read(served)
              local _, _, run = read(lease)
              if served == lease or (served_run == run and served_epoch < tonumber(epoch)) then
                redis.call('HDEL', KEYS[1], token)
                version = redis.call('INCR', KEYS[2])
              end
            end
            if tonumber(redis.call('GET', let_go) or '0') < tonumber(epoch) then redis.call('SET', let_go, epoch, 'PX', ARGV[2]) end
            redis.call('PUBLISH', ARGV[1], version .. ' gone ' .. token .. ' ' .. epoch)
          end
        end
        return 1
        """;

    /// <summary>
    /// Renews a node's lease, unless another run has it. KEYS: nodes, version, node. ARGV: name, lease, milliseconds, run, prefix of the
    /// nodes' keys, a run that is known to have ended. Returns 1 or 0, the index's version, and the leases of all live nodes.
    /// </summary>
    public const string Beat = """
        local mine = 1
        local held = redis.call('GET', KEYS[3])
        if held then
          local ok, lease = pcall(cjson.decode, held)
          if ok and type(lease) == 'table' and type(lease.node) == 'table' and lease.node.run ~= ARGV[4] and lease.node.run ~= ARGV[6] then mine = 0 end
        end
        if mine == 1 then
          redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
          redis.call('SADD', KEYS[1], ARGV[1])
        end
        local answer = {mine, redis.call('GET', KEYS[2]) or '0'}
        for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
          local node = redis.call('GET', ARGV[5] .. name)
          if node then answer[#answer + 1] = node else redis.call('SREM', KEYS[1], name) end
        end
        return answer
        """;

    /// <summary>Ends a node's lease. KEYS: nodes, node. ARGV: name, run.</summary>
    public const string Leave = """
        local held = redis.call('GET', KEYS[2])
        if held then
          local ok, lease = pcall(cjson.decode, held)
          if ok and type(lease) == 'table' and type(lease.node) == 'table' and lease.node.run == ARGV[2] then
            redis.call('DEL', KEYS[2])
            redis.call('SREM', KEYS[1], ARGV[1])
          end
        end
        return 1
        """;

    /// <summary>
    /// Takes routes out of the index whose lease has run out. KEYS: index, version, then the routes. ARGV: channel, then for each token and epoch.
    /// </summary>
    public const string Sweep = ReadLease + """
        local removed = 0
        for i = 1, #KEYS - 2 do
          local token, epoch = ARGV[2 * i], ARGV[2 * i + 1]
          if redis.call('EXISTS', KEYS[i + 2]) == 0 then
            local served = redis.call('HGET', KEYS[1], token)
            if served and read(served) == tonumber(epoch) then
              redis.call('HDEL', KEYS[1], token)
              redis.call('PUBLISH', ARGV[1], redis.call('INCR', KEYS[2]) .. ' gone ' .. token .. ' ' .. epoch)
              removed = removed + 1
            end
          end
        end
        return removed
        """;
}
