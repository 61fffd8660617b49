namespace Rabbit.Tests.Tunneling.Cluster.Ownership;

/// <summary>
/// One token in a cluster: all that its nodes, its clients, the database and Redis may do next, and what must never be. A message that is
/// lost is one that is never heard; a node that is slow or stopped does nothing while the clock ticks. That a session is confirmed and
/// that a visitor is given to it are one step.
/// </summary>
internal sealed class OwnershipModel(OwnershipRules rules)
{
    public OwnershipRules Rules => rules;

    /// <summary>All steps that are possible in this state.</summary>
    public void Next(Span<byte> from, OwnershipSteps steps)
    {
        steps.Clear();
        var now = new OwnershipState(rules, from);
        for (int node = 0; node < rules.Nodes; node++)
        {
            if (now.Stopped(node) == 0)
            {
                LogIn(now, from, node, steps);
                Claim(now, from, node, steps);
                LetGo(now, from, node, steps);
                if (now.Session(node) > 0)
                    Confirm(now, from, node, steps);
            }
            Fail(now, from, node, steps);
        }
        FailStores(now, from, steps);
        Tick(from, steps);
    }

    /// <summary>What is wrong in this state, or null.</summary>
    public string? Violation(Span<byte> bytes)
    {
        var now = new OwnershipState(rules, bytes);
        for (int node = 0; node < rules.Nodes; node++)
        {
            int session = now.Session(node);
            if (Serves(now, node) && session < now.Newest && now.ClientOf(session) != now.ClientOf(now.Newest))
                return $"{Name(node)} serves client {now.ClientOf(session) + 1} at epoch {session} after epoch {now.Newest} has begun";
            for (int other = 0; other < node; other++)
            {
                if ((session > 0 && (session == now.Session(other) || session == now.Claim(other))) || (now.Claim(node) > 0 && now.Claim(node) == now.Session(other)))
                    return $"{Name(other)} and {Name(node)} own the same epoch";
            }
        }
        return null;
    }

    /// <summary>True when a visitor who comes to one of the nodes now is served by the newest owner.</summary>
    public bool IsServed(Span<byte> bytes)
    {
        var now = new OwnershipState(rules, bytes);
        for (int node = 0; node < rules.Nodes; node++)
        {
            if (now.Session(node) == now.Epoch && Serves(now, node))
                return true;
        }
        return false;
    }

    /// <summary>True when another login is possible at this size of the model.</summary>
    public bool HasLoginLeft(Span<byte> bytes) => new OwnershipState(rules, bytes).Epoch < rules.Epochs;

    private static string Name(int node) => $"{(char)('A' + node)}";

    // A client answers by its newest session alone.
    private bool IsAnswered(OwnershipState now, int session)
    {
        int client = now.ClientOf(session);
        return !rules.ClientsLeaveSessions || (now.Login(client) == session && now.LastSession(client) == session);
    }

    private bool Serves(OwnershipState now, int node)
    {
        int session = now.Session(node);
        if (session == 0 || now.Stopped(node) == 1 || !IsAnswered(now, session))
            return false;
        if (!rules.ServesConfirmedOnly)
            return true;
        if (rules.RedisDecides)
            return now.Renewed(node) > 0 || (now.RedisAway(node) == 1 && now.Confirmed(node) > 0);
        if (now.Confirmed(node) > 0)
            return true;
        return now.DatabaseAway == 1 && (now.Renewed(node) > 0 || now.RedisAway(node) == 1);
    }

    private void LogIn(OwnershipState now, Span<byte> from, int node, OwnershipSteps steps)
    {
        if (now.Epoch == rules.Epochs || now.DatabaseAway == 1)
            return;
        int epoch = now.Epoch + 1;
        // Nodes and clients are alike: those that have not been seen yet come in order.
        int nodesSeen = 0, clientsSeen = 0;
        for (int earlier = 1; earlier < epoch; earlier++)
        {
            nodesSeen = Math.Max(nodesSeen, now.NodeOf(earlier) + 1);
            clientsSeen = Math.Max(clientsSeen, now.ClientOf(earlier) + 1);
        }
        if (node > nodesSeen)
            return;
        for (int client = 0; client < Math.Min(rules.Clients, clientsSeen + 1); client++)
        {
            OwnershipState next = steps.Add(from, new OwnershipStep(OwnershipStepKind.LogIn, node, client, epoch));
            Begin(next, node, client, epoch);
            if (!rules.RaiseIsAtomic && epoch > 1)
                Begin(steps.Add(from, new OwnershipStep(OwnershipStepKind.LogIn, node, client, epoch - 1)), node, client, epoch - 1);
        }
    }

    private void Begin(OwnershipState next, int node, int client, int epoch)
    {
        bool isProved = next.Released == epoch - 1 || next.Session(node) == epoch - 1 || next.LastSession(client) == epoch - 1
            || (!rules.ProofIsOfTheEpochBefore && next.LastSession(client) > 0);
        next.Epoch = (byte)epoch;
        next.ClientOf(epoch) = (byte)client;
        next.NodeOf(epoch) = (byte)node;
        next.Login(client) = (byte)epoch;
        next.Claim(node) = (byte)epoch;
        next.Wait(node) = next.Raised(node) = (byte)rules.Lease;
        next.Took(node) = 0;
        next.Overtaken(node) = 0;
        next.Proof(node) = isProved ? (byte)1 : (byte)0;
    }

    private void Claim(OwnershipState now, Span<byte> from, int node, OwnershipSteps steps)
    {
        int claim = now.Claim(node);
        if (claim == 0)
            return;
        bool reachesRedis = now.RedisAway(node) == 0;
        if (reachesRedis && now.Took(node) == 0)
            TakeRoute(now, from, node, steps);
        if (now.Proof(node) == 0 && now.Released == claim - 1)
            steps.Add(from, new OwnershipStep(OwnershipStepKind.SeeRelease, node, 0, claim - 1)).Proof(node) = 1;
        if (!reachesRedis && now.Proof(node) == 0 && !rules.WaitsWithoutRedis)
            steps.Add(from, new OwnershipStep(OwnershipStepKind.GoOnWithoutRedis, node)).Proof(node) = 1;

        bool isClear = now.Proof(node) == 1 || (now.Wait(node) == 0 && rules.WaitEnds);
        if (now.Overtaken(node) == 0 && isClear && (now.Took(node) == 1 || !reachesRedis))
        {
            int client = now.ClientOf(claim);
            OwnershipState next = steps.Add(from, new OwnershipStep(OwnershipStepKind.Attach, node, client, claim));
            ForgetSession(next, node);
            next.Session(node) = (byte)claim;
            next.Confirmed(node) = rules.RedisDecides ? (byte)0 : next.Raised(node);
            ForgetClaim(next, node);
            next.Newest = Math.Max(next.Newest, (byte)claim);
            if (next.Login(client) == claim)
                next.LastSession(client) = (byte)claim;
        }
        if (now.Overtaken(node) == 1)
        {
            OwnershipState next = steps.Add(from, new OwnershipStep(OwnershipStepKind.EndOvertaken, node, 0, claim));
            ForgetClaim(next, node);
            if (!rules.OvertakenClaimsProveNothing)
                Release(next, claim);
        }
    }

    private void TakeRoute(OwnershipState now, Span<byte> from, int node, OwnershipSteps steps)
    {
        int claim = now.Claim(node);
        if (now.RouteEpoch > claim)
        {
            ForgetClaim(steps.Add(from, new OwnershipStep(OwnershipStepKind.FindNewerRoute, node, 0, claim)), node);
            return;
        }
        OwnershipState next = steps.Add(from, new OwnershipStep(OwnershipStepKind.TakeRoute, node, 0, claim));
        next.Took(node) = 1;
        if (rules.WaitsFromTakeOver)
            next.Wait(node) = (byte)rules.Lease;
        if (rules.LeaseMatters && now.RouteLease == 0)
            next.Proof(node) = 1;
        if (now.RouteEpoch > 0 && now.NodeOf(now.RouteEpoch) != node)
        {
            ref byte asked = ref next.Asked(now.NodeOf(now.RouteEpoch));
            asked = Math.Max(asked, (byte)claim);
        }
        WriteRoute(next, claim);
    }

    private void LetGo(OwnershipState now, Span<byte> from, int node, OwnershipSteps steps)
    {
        int session = now.Session(node);
        if (now.Asked(node) > 0)
        {
            int asked = now.Asked(node);
            OwnershipState next = steps.Add(from, new OwnershipStep(OwnershipStepKind.HearAsked, node, 0, asked));
            next.Asked(node) = 0;
            if (session > 0 && session < asked)
                EndSession(next, node);
            if (now.Claim(node) > 0 && now.Claim(node) < asked)
                next.Overtaken(node) = 1;
        }
        if (session > 0 && !IsAnswered(now, session))
            EndSession(steps.Add(from, new OwnershipStep(OwnershipStepKind.EndSession, node, 0, session)), node);
    }

    private void Confirm(OwnershipState now, Span<byte> from, int node, OwnershipSteps steps)
    {
        int session = now.Session(node);
        if (now.Look(node) > 0)
            Hear(steps.Add(from, new OwnershipStep(OwnershipStepKind.HearDatabase, node)), node, isRedis: false);
        else if (now.DatabaseAway == 0 && now.Confirmed(node) < rules.Lease)
            steps.Add(from, new OwnershipStep(OwnershipStepKind.AskDatabase, node, 0, session)).Look(node) = now.Epoch > session ? (byte)2 : (byte)1;

        if (now.Renewal(node) > 0)
        {
            Hear(steps.Add(from, new OwnershipStep(OwnershipStepKind.HearRedis, node)), node, isRedis: true);
        }
        else if (now.RedisAway(node) == 0 && (rules.RenewalsConfirm ? now.Renewed(node) < rules.Lease : now.RouteEpoch != session))
        {
            bool isNewerThere = now.RouteEpoch > session && rules.RenewalCompares;
            OwnershipState next = steps.Add(from, new OwnershipStep(OwnershipStepKind.AskRedis, node, 0, session));
            if (!isNewerThere)
                WriteRoute(next, session);
            if (rules.RenewalsConfirm)
                next.Renewal(node) = isNewerThere ? (byte)2 : (byte)1;
            else if (isNewerThere)
                EndSession(next, node);
        }
    }

    private void Hear(OwnershipState next, int node, bool isRedis)
    {
        ref byte question = ref isRedis ? ref next.Renewal(node) : ref next.Look(node);
        int age = (question - 1) / 2;
        bool isNewerThere = question % 2 == 0;
        question = 0;
        if (isNewerThere)
        {
            EndSession(next, node);
            return;
        }
        ref byte holds = ref isRedis ? ref next.Renewed(node) : ref next.Confirmed(node);
        holds = Math.Max(holds, (byte)(rules.CountsFromRequest ? rules.Lease - age : rules.Lease));
    }

    private void Fail(OwnershipState now, Span<byte> from, int node, OwnershipSteps steps)
    {
        if (rules.NodesCrash && now.Memory(node).ContainsAnyExcept((byte)0))
        {
            OwnershipState next = steps.Add(from, new OwnershipStep(OwnershipStepKind.Crash, node));
            next.Memory(node).Clear();
            next.Stopped(node) = 0;
        }
        if (rules.NodesStop)
        {
            bool isStopped = now.Stopped(node) == 1;
            steps.Add(from, new OwnershipStep(isStopped ? OwnershipStepKind.Wake : OwnershipStepKind.Stop, node)).Stopped(node) ^= 1;
        }
        if (rules.RedisFails)
        {
            bool isAway = now.RedisAway(node) == 1;
            steps.Add(from, new OwnershipStep(isAway ? OwnershipStepKind.RedisComesBack : OwnershipStepKind.RedisGoesAway, node)).RedisAway(node) ^= 1;
        }
    }

    private void FailStores(OwnershipState now, Span<byte> from, OwnershipSteps steps)
    {
        if (rules.RedisFails && now.RouteEpoch > 0)
        {
            OwnershipState next = steps.Add(from, new OwnershipStep(OwnershipStepKind.RedisStartsEmpty));
            next.RouteEpoch = next.RouteLease = 0;
        }
        if (rules.DatabaseFails)
            steps.Add(from, new OwnershipStep(now.DatabaseAway == 1 ? OwnershipStepKind.DatabaseComesBack : OwnershipStepKind.DatabaseGoesAway)).DatabaseAway ^= 1;
    }

    private void Tick(Span<byte> from, OwnershipSteps steps)
    {
        OwnershipState next = steps.Add(from, new OwnershipStep(OwnershipStepKind.Tick));
        Pass(ref next.RouteLease);
        for (int node = 0; node < rules.Nodes; node++)
        {
            if (next.Stopped(node) == 1 && !rules.ClockGoesOnWhileStopped)
                continue;
            Pass(ref next.Wait(node));
            Pass(ref next.Raised(node));
            Pass(ref next.Confirmed(node));
            Pass(ref next.Renewed(node));
            Travel(ref next.Look(node));
            Travel(ref next.Renewal(node));
        }
    }

    private static void Pass(ref byte left)
    {
        if (left > 0)
            left--;
    }

    // An answer that comes later than a lease is as good as lost.
    private void Travel(ref byte question)
    {
        if (question > 0)
            question = (question + 1) / 2 > rules.Lease ? (byte)0 : (byte)(question + 2);
    }

    private void WriteRoute(OwnershipState next, int epoch)
    {
        next.RouteEpoch = (byte)epoch;
        if (rules.LeaseMatters)
            next.RouteLease = (byte)rules.Lease;
    }

    private static void EndSession(OwnershipState next, int node)
    {
        int session = next.Session(node);
        ForgetSession(next, node);
        Release(next, session);
    }

    private static void Release(OwnershipState next, int epoch) => next.Released = Math.Max(next.Released, (byte)epoch);

    private static void ForgetSession(OwnershipState next, int node) =>
        next.Session(node) = next.Confirmed(node) = next.Renewed(node) = next.Look(node) = next.Renewal(node) = 0;

    private static void ForgetClaim(OwnershipState next, int node) =>
        next.Claim(node) = next.Wait(node) = next.Raised(node) = next.Took(node) = next.Proof(node) = next.Overtaken(node) = 0;
}
