namespace Rabbit.Tests.Tunneling.Cluster.Ownership;

/// <summary>What can happen in the model of ownership; failures come last.</summary>
internal enum OwnershipStepKind
{
    LogIn,
    TakeRoute,
    FindNewerRoute,
    SeeRelease,
    GoOnWithoutRedis,
    Attach,
    HearAsked,
    EndOvertaken,
    EndSession,
    AskDatabase,
    HearDatabase,
    AskRedis,
    HearRedis,
    Tick,
    RedisComesBack,
    DatabaseComesBack,
    Wake,
    RedisGoesAway,
    RedisStartsEmpty,
    DatabaseGoesAway,
    Stop,
    Crash,
}
