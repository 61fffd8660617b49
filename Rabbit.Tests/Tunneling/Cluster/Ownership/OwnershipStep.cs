namespace Rabbit.Tests.Tunneling.Cluster.Ownership;

/// <summary>What happens in one step of the model, and to whom.</summary>
internal readonly record struct OwnershipStep(OwnershipStepKind Kind, int Node = 0, int Client = 0, int Epoch = 0)
{
    /// <summary>True when something fails; when failures have stopped, such steps are not taken.</summary>
    public bool IsFailure => Kind >= OwnershipStepKind.RedisGoesAway;

    /// <inheritdoc/>
    public override string ToString()
    {
        string node = $"{(char)('A' + Node)}";
        return Kind switch
        {
            OwnershipStepKind.LogIn => $"{node}: client {Client + 1} logs in, the database gives epoch {Epoch}",
            OwnershipStepKind.TakeRoute => $"{node}: takes the route in Redis, epoch {Epoch}",
            OwnershipStepKind.FindNewerRoute => $"{node}: finds a newer route in Redis, and gives epoch {Epoch} up",
            OwnershipStepKind.SeeRelease => $"{node}: sees that epoch {Epoch} has let go",
            OwnershipStepKind.GoOnWithoutRedis => $"{node}: does not reach Redis, and does not wait",
            OwnershipStepKind.Attach => $"{node}: begins to serve client {Client + 1}, epoch {Epoch}",
            OwnershipStepKind.HearAsked => $"{node}: hears that it should let go for epoch {Epoch}",
            OwnershipStepKind.EndOvertaken => $"{node}: gives epoch {Epoch} up, which was overtaken",
            OwnershipStepKind.EndSession => $"{node}: sees that its client has left, epoch {Epoch}",
            OwnershipStepKind.AskDatabase => $"{node}: asks the database whether epoch {Epoch} is the newest",
            OwnershipStepKind.HearDatabase => $"{node}: hears the database's answer",
            OwnershipStepKind.AskRedis => $"{node}: renews epoch {Epoch} in Redis",
            OwnershipStepKind.HearRedis => $"{node}: hears Redis' answer",
            OwnershipStepKind.Tick => "the clock ticks",
            OwnershipStepKind.RedisComesBack => $"{node}: reaches Redis again",
            OwnershipStepKind.DatabaseComesBack => "the database is back",
            OwnershipStepKind.Wake => $"{node}: wakes",
            OwnershipStepKind.RedisGoesAway => $"{node}: does not reach Redis any more",
            OwnershipStepKind.RedisStartsEmpty => "Redis starts again without its data",
            OwnershipStepKind.DatabaseGoesAway => "the database goes away",
            OwnershipStepKind.Stop => $"{node}: is stopped",
            _ => $"{node}: crashes, and is there again",
        };
    }
}
