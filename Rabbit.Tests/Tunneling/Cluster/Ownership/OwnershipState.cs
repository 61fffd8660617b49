namespace Rabbit.Tests.Tunneling.Cluster.Ownership;

/// <summary>
/// One state of a modelled cluster, a byte for each thing that it consists of. An epoch of 0 is none. Times are what is left of them, in
/// ticks. A question under way is 0 for none, and otherwise 1 + 2 × its age + 1 where the answer is that somebody newer is there; the answer is
/// the one at the time of the question, and what comes of it is older the longer it travels.
/// </summary>
internal readonly ref struct OwnershipState(OwnershipRules rules, Span<byte> bytes)
{
    private const int OfCluster = 6;
    private const int OfClient = 2;
    private const int OfNode = 14;
    private const int OfEpoch = 2;

    private readonly Span<byte> _bytes = bytes;

    /// <summary>Bytes of a state, a multiple of 8.</summary>
    public static int SizeOf(OwnershipRules rules) =>
        (OfCluster + OfClient * rules.Clients + OfNode * rules.Nodes + OfEpoch * (rules.Epochs + 1) + 7) / 8 * 8;

    /// <summary>The token's epoch in the database.</summary>
    public ref byte Epoch => ref _bytes[0];

    /// <summary>The epoch of the route in Redis.</summary>
    public ref byte RouteEpoch => ref _bytes[1];

    /// <summary>What is left of the route's lease.</summary>
    public ref byte RouteLease => ref _bytes[2];

    /// <summary>The highest epoch that has said that it lets go: by its row in the database, or by a hint.</summary>
    public ref byte Released => ref _bytes[3];

    /// <summary>1 while the database answers nobody.</summary>
    public ref byte DatabaseAway => ref _bytes[4];

    /// <summary>The highest epoch that has begun to serve.</summary>
    public ref byte Newest => ref _bytes[5];

    /// <summary>The epoch of a client's last login; its session when that has come to be.</summary>
    public ref byte Login(int client) => ref _bytes[OfCluster + OfClient * client];

    /// <summary>The epoch of the last session that a client has had.</summary>
    public ref byte LastSession(int client) => ref _bytes[OfCluster + OfClient * client + 1];

    /// <summary>The epoch of the session by which a node serves.</summary>
    public ref byte Session(int node) => ref OfThe(node, 0);

    /// <summary>The epoch with which a node is about to become the owner.</summary>
    public ref byte Claim(int node) => ref OfThe(node, 1);

    /// <summary>How long that claim still waits.</summary>
    public ref byte Wait(int node) => ref OfThe(node, 2);

    /// <summary>1 when it has taken the route in Redis.</summary>
    public ref byte Took(int node) => ref OfThe(node, 3);

    /// <summary>1 when it knows that the owner before serves no more.</summary>
    public ref byte Proof(int node) => ref OfThe(node, 4);

    /// <summary>1 when a later claim has asked it to let go.</summary>
    public ref byte Overtaken(int node) => ref OfThe(node, 5);

    /// <summary>How long the database's word, that the session is the newest, still holds.</summary>
    public ref byte Confirmed(int node) => ref OfThe(node, 6);

    /// <summary>How long Redis' word still holds.</summary>
    public ref byte Renewed(int node) => ref OfThe(node, 7);

    /// <summary>A question to the database under way.</summary>
    public ref byte Look(int node) => ref OfThe(node, 8);

    /// <summary>A renewal in Redis under way.</summary>
    public ref byte Renewal(int node) => ref OfThe(node, 9);

    /// <summary>The epoch in whose favour the node is asked to let go; the message is under way.</summary>
    public ref byte Asked(int node) => ref OfThe(node, 10);

    /// <summary>How long the raise of the epoch, which was a word of the database, still holds.</summary>
    public ref byte Raised(int node) => ref OfThe(node, 11);

    /// <summary>1 while Redis does not answer this node.</summary>
    public ref byte RedisAway(int node) => ref OfThe(node, 12);

    /// <summary>1 while the node is stopped.</summary>
    public ref byte Stopped(int node) => ref OfThe(node, 13);

    /// <summary>Who logged in with an epoch.</summary>
    public ref byte ClientOf(int epoch) => ref _bytes[OfCluster + OfClient * rules.Clients + OfNode * rules.Nodes + OfEpoch * epoch];

    /// <summary>Where.</summary>
    public ref byte NodeOf(int epoch) => ref _bytes[OfCluster + OfClient * rules.Clients + OfNode * rules.Nodes + OfEpoch * epoch + 1];

    /// <summary>All that a node knows, but not what is between it and Redis.</summary>
    public Span<byte> Memory(int node) => _bytes.Slice(OfCluster + OfClient * rules.Clients + OfNode * node, 12);

    private ref byte OfThe(int node, int what) => ref _bytes[OfCluster + OfClient * rules.Clients + OfNode * node + what];
}
